using MailKit.Security;

namespace Countersign.Server.Channels.Email;

/// <summary>Which server takes mail, and from whom it is. A class, so that no text of it shows the password.</summary>
internal sealed class EmailOptions(string host, int port, SecureSocketOptions security, EmailAddress from)
{
    public string Host { get; } = host;

    public int Port { get; } = port;

    /// <summary>How the connection is protected; only this machine is spoken to in the clear.</summary>
    public SecureSocketOptions Security { get; } = security;

    public EmailAddress From { get; } = from;

    /// <summary>Whom the server knows us as; <c>null</c> when it asks nobody.</summary>
    public string? User { get; init; }

    public string? Password { get; init; }

    public int PerMinute { get; init; } = EmailLimits.PerMinute;

    /// <summary>File with the certificates of who vouches for the server; <c>null</c> for the machine's own.</summary>
    public string? RootCertificate { get; init; }

    /// <summary>How long one mail may take.</summary>
    public TimeSpan Patience { get; init; } = EmailLimits.Mail;
}
