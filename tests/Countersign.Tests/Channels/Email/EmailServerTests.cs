using System.Security.Cryptography.X509Certificates;
using Countersign.Server.Channels;
using Countersign.Tests.Postgres.Wire.Login;
using Countersign.Tests.Support;
using MailKit.Security;

namespace Countersign.Tests.Channels.Email;

/// <summary>How the mail server is spoken to: protected, by name, and never with a password in the clear.</summary>
public sealed class EmailServerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly X509Certificate2 _certificate = Certificates.SelfSigned();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string RootFile
    {
        get
        {
            var path = _folder.PathOf("root.pem");
            File.WriteAllText(path, _certificate.ExportCertificatePem());
            return path;
        }
    }

    public void Dispose()
    {
        _certificate.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Mail_goes_by_STARTTLS_with_the_password()
    {
        await using var host = await EmailHost.StartAsync(new EmailHostOptions
        {
            Security = SecureSocketOptions.StartTls,
            Certificate = _certificate,
            RootCertificate = RootFile,
            Password = SmtpDouble.Password,
        });

        await host.AskToldAsync();

        Assert.True(Assert.Single(host.Smtp.Taken).ByTls);
        Assert.Null(host.Complaint);
    }

    [Fact]
    public async Task Nothing_is_said_to_a_server_without_STARTTLS()
    {
        await using var host = await EmailHost.StartAsync(new EmailHostOptions
        {
            Security = SecureSocketOptions.StartTls,
            Password = SmtpDouble.Password,
        });

        await host.AskToldAsync();

        Assert.Contains("offers no STARTTLS", host.Complaint, StringComparison.Ordinal);
        Assert.DoesNotContain("AUTH", host.Smtp.Commands);
        Assert.DoesNotContain("MAIL", host.Smtp.Commands);
    }

    [Fact]
    [Trait("CWE", "295")]
    public async Task Nothing_is_said_to_a_server_whose_certificate_nobody_vouches_for()
    {
        await using var host = await EmailHost.StartAsync(new EmailHostOptions
        {
            Security = SecureSocketOptions.StartTls,
            Certificate = _certificate,
            Password = SmtpDouble.Password,
        });

        await host.AskToldAsync();

        Assert.Contains("certificate", host.Complaint, StringComparison.Ordinal);
        Assert.DoesNotContain("AUTH", host.Smtp.Commands);
    }

    [Fact]
    [Trait("CWE", "297")]
    public async Task A_certificate_of_another_name_does_not_count()
    {
        using var other = Certificates.SelfSigned("mail.example.net");
        var root = _folder.PathOf("other.pem");
        await File.WriteAllTextAsync(root, other.ExportCertificatePem(), Cancel);
        await using var host = await EmailHost.StartAsync(new EmailHostOptions
        {
            Security = SecureSocketOptions.StartTls,
            Certificate = other,
            RootCertificate = root,
        });

        await host.AskToldAsync();

        Assert.Empty(host.Told);
        Assert.Contains("certificate", host.Complaint, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refused_password_is_not_tried_again_soon()
    {
        await using var host = await EmailHost.StartAsync(new EmailHostOptions { Password = "wrong" });
        await host.AskToldAsync();
        await host.DeliverAfterAsync(60);
        await Assert.ThrowsAsync<ChannelException>(() => host.Outbox.LookAsync(Cancel));

        Assert.Single(host.Smtp.Commands, "AUTH");
        Assert.Contains("password", host.Complaint, StringComparison.Ordinal);

        await host.DeliverAfterAsync(300);
        Assert.Equal(2, host.Smtp.Commands.Count(command => command == "AUTH"));
    }

    [Fact]
    public async Task A_server_that_never_answers_is_given_up_on()
    {
        using var over = new CancellationTokenSource();
        await using var host = await EmailHost.StartAsync(
            new EmailHostOptions { Patience = TimeSpan.FromMilliseconds(300) });
        host.Smtp.OnMail = _ =>
        {
            over.Token.WaitHandle.WaitOne();
            return null;
        };

        await host.AskToldAsync();
        await over.CancelAsync();

        Assert.Contains("did not answer in time", host.Complaint, StringComparison.Ordinal);
        Assert.Single(host.Console.Store.Outbox);
    }

    [Fact]
    public async Task One_connection_carries_several_mails()
    {
        await using var host = await EmailHost.StartAsync();
        for (var i = 0; i < 5; i++)
        {
            await host.AskAsync($$"""{"table":"t{{i}}"}""");
        }

        await host.DeliverAsync();

        Assert.Equal(5, host.Told.Length);
        Assert.Equal(1, host.Smtp.Connections);
    }
}
