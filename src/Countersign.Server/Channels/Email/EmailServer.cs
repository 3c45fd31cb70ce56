using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MailKit;
using MailKit.Net.Smtp;
using AuthenticationException = MailKit.Security.AuthenticationException;

namespace Countersign.Server.Channels.Email;

/// <summary>What the mail server made of one mail.</summary>
internal abstract record EmailReply
{
    private EmailReply()
    {
    }

    /// <summary>It answers for it from now on.</summary>
    public sealed record Taken : EmailReply;

    /// <summary>It will never take this mail for this recipient.</summary>
    public sealed record Refused(int Status) : EmailReply;

    /// <summary>It does not take our password.</summary>
    public sealed record Locked(string Why) : EmailReply;

    /// <summary>Not now: no connection, a broken one, or an answer that says so.</summary>
    public sealed record Away(string Why) : EmailReply;
}

/// <summary>
/// Speaks to the one mail server, over one connection at a time that is kept for a few mails. Only the loop of the
/// outbox comes here.
/// </summary>
internal sealed class EmailServer(EmailOptions options, TimeProvider time) : IDisposable
{
    private const int FirstPermanent = 500;

    /// <summary>id-kp-serverAuth (RFC 5280 section 4.2.1.12).</summary>
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    private SmtpClient? _client;
    private DateTimeOffset _used;
    private int _mails;

    public Task<EmailReply> SendAsync(EmailMessage message, CancellationToken cancellationToken) => AskAsync(
        (client, limit) => SendAsync(client, message, limit), cancellationToken);

    public void Dispose() => Drop();

    private async Task<EmailReply> SendAsync(
        SmtpClient client, EmailMessage message, CancellationToken cancellationToken)
    {
        using var mime = message.ToMime(options.From, time.GetUtcNow());
        try
        {
            _mails++;
            await client.SendAsync(mime, cancellationToken);
            return new EmailReply.Taken();
        }
        catch (SmtpCommandException refused) when (
            refused.ErrorCode is SmtpErrorCode.RecipientNotAccepted or SmtpErrorCode.MessageNotAccepted
            && (int)refused.StatusCode >= FirstPermanent)
        {
            // The text is the server's and may name the mailbox; the code says enough.
            return new EmailReply.Refused((int)refused.StatusCode);
        }
    }

    private async Task<EmailReply> AskAsync(
        Func<SmtpClient, CancellationToken, Task<EmailReply>> ask, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.Patience);
        try
        {
            return await ask(await ConnectAsync(limit.Token), limit.Token);
        }
        catch (AuthenticationException)
        {
            Drop();
            return new EmailReply.Locked("The mail server refuses the user or the password.");
        }
        catch (Exception failure) when (IsAway(failure, cancellationToken))
        {
            Drop();
            return new EmailReply.Away(WhyAway(failure));
        }
    }

    /// <summary>Whether the server is there and lets us in.</summary>
    public Task<EmailReply> LookAsync(CancellationToken cancellationToken) => AskAsync(
        static async (client, limit) =>
        {
            await client.NoOpAsync(limit);
            return new EmailReply.Taken();
        },
        cancellationToken);

    private async Task<SmtpClient> ConnectAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (_client is { IsConnected: true } kept
            && _mails < EmailLimits.PerConnection
            && now - _used < EmailLimits.Idle)
        {
            _used = now;
            return kept;
        }

        Drop();
        _client = new SmtpClient
        {
            // As everywhere here: what a certificate says counts, and no third party is asked about it.
            CheckCertificateRevocation = false,
            ServerCertificateValidationCallback = IsTrusted,
            LocalDomain = options.From.Domain,
        };
        (_used, _mails) = (now, 0);
        await _client.ConnectAsync(options.Host, options.Port, options.Security, cancellationToken);
        if (options.User is { } user)
        {
            await _client.AuthenticateAsync(user, options.Password ?? "", cancellationToken);
        }

        return _client;
    }

    /// <summary>The name has to fit in any case; who vouches for it, the machine or the configured file says.</summary>
    private bool IsTrusted(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (options.RootCertificate is not { } roots || errors != SslPolicyErrors.RemoteCertificateChainErrors)
        {
            return errors == SslPolicyErrors.None;
        }

        using var own = new X509Chain();
        own.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        own.ChainPolicy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
        own.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        own.ChainPolicy.CustomTrustStore.ImportFromPemFile(roots);
        own.ChainPolicy.ExtraStore.AddRange(chain?.ChainPolicy.ExtraStore ?? []);
        return certificate is X509Certificate2 presented && own.Build(presented);
    }

    /// <summary>A connection on which something went wrong is not used again.</summary>
    private void Drop()
    {
        _client?.Dispose();
        _client = null;
    }

    private static string WhyAway(Exception failure) => failure switch
    {
        SmtpCommandException refused => $"The mail server answered {(int)refused.StatusCode}.",
        NotSupportedException => "The mail server offers no STARTTLS, and mail goes in the clear to this machine only.",
        MailKit.Security.SslHandshakeException or System.Security.Authentication.AuthenticationException =>
            "The mail server's certificate does not count, or it speaks no TLS.",
        OperationCanceledException or TimeoutException => "The mail server did not answer in time.",
        SocketException unreached => $"The mail server cannot be reached ({unreached.Message}).",
        _ => "The mail server ended the connection.",
    };

    /// <summary>A time-out is the server's; a cancellation that was asked for is nobody's fault.</summary>
    private static bool IsAway(Exception failure, CancellationToken cancellationToken) => failure
        is SocketException or IOException or TimeoutException or NotSupportedException
        or SmtpCommandException or ProtocolException or ServiceNotConnectedException or ServiceNotAuthenticatedException
        or MailKit.Security.SslHandshakeException or System.Security.Authentication.AuthenticationException
        || (failure is OperationCanceledException && !cancellationToken.IsCancellationRequested);
}
