using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Countersign.Core.Policies.Documents;
using Countersign.Core.Policies.Yaml;
using Countersign.Server.Channels.Email;
using MailKit.Security;

namespace Countersign.Server.Configuration;

/// <summary>Reads <c>email:</c> of <c>channels:</c>.</summary>
internal sealed class EmailSection(Section section)
{
    private const string Plain = "smtp";
    private const string Tls = "smtps";
    private const int SubmissionPort = 587;
    private const int TlsPort = 465;

    private static readonly string[] Keys = ["smtp", "from", "password", "root_certificate", "per_minute"];

    public EmailOptions? Read(YamlNode node)
    {
        if (Fields.Of(node, "email", Keys, section.Errors) is not { } fields)
        {
            return null;
        }

        section.ComplainIfLacking(fields, "smtp", "email needs 'smtp', like smtp://user@mail.example.com:587");
        section.ComplainIfLacking(fields, "from", "email needs 'from', the address that mails come from");
        var server = ServerOf(fields);
        var from = fields.Find("from") is { } sender
            ? section.Checked(sender, "from", text => EmailAddress.Parse(text).Value)
            : null;
        var password = fields.Find("password") is { } secret ? section.Secrets.Resolve(secret, "password") : null;
        var perMinute = PerMinuteOf(fields);
        var root = RootOf(fields);
        if (server is null || from is null)
        {
            return null;
        }

        RefuseHalfASignIn(fields, server);
        return new EmailOptions(server.Host, PortOf(server), SecurityOf(server), EmailAddress.Parse(from))
        {
            User = server.UserInfo.Length > 0 ? Uri.UnescapeDataString(server.UserInfo) : null,
            Password = password,
            PerMinute = perMinute,
            RootCertificate = root,
        };
    }

    private Uri? ServerOf(Fields fields)
    {
        if (fields.Find("smtp") is not { } node || Values.Text(node, "smtp", section.Errors) is not { } text)
        {
            return null;
        }

        if (!Uri.TryCreate(text.Text, UriKind.Absolute, out var url)
            || url.Scheme is not (Plain or Tls)
            || url.Host.Length == 0
            || url.AbsolutePath.Trim('/').Length > 0
            || url.Query.Length > 0
            || url.Fragment.Length > 0)
        {
            // The text is not repeated: somebody may have written a password into it.
            section.Complain(
                node, "smtp is an address like smtp://user@mail.example.com:587 or smtps://mail.example.com:465");
            return null;
        }

        if (url.UserInfo.Contains(':', StringComparison.Ordinal))
        {
            section.Complain(node, "smtp is no place for a password; write 'password: env:SMTP_PASSWORD'");
            return null;
        }

        return url;
    }

    private static int PortOf(Uri server) =>
        server.Port > 0 ? server.Port : server.Scheme == Tls ? TlsPort : SubmissionPort;

    /// <summary>A mail that goes in the clear tells everybody on the way who is asked for what.</summary>
    private static SecureSocketOptions SecurityOf(Uri server) => server switch
    {
        { Scheme: Tls } => SecureSocketOptions.SslOnConnect,
        { IsLoopback: true } => SecureSocketOptions.None,
        _ => SecureSocketOptions.StartTls,
    };

    private void RefuseHalfASignIn(Fields fields, Uri server)
    {
        if (server.UserInfo.Length > 0 && fields.Lacks("password"))
        {
            section.Complain(fields.Find("smtp")!, "smtp names a user; email needs 'password', too");
        }

        if (server.UserInfo.Length == 0 && fields.Find("password") is { } password)
        {
            section.Complain(password, "password is for a user; name one in smtp, like smtp://user@mail.example.com");
        }
    }

    private string? RootOf(Fields fields)
    {
        if (fields.Find("root_certificate") is not { } node || section.Text(fields, "root_certificate") is not { } path)
        {
            return null;
        }

        var file = section.FilePath(path);
        try
        {
            new X509Certificate2Collection().ImportFromPemFile(file);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or CryptographicException)
        {
            section.Complain(
                node, $"root_certificate is a PEM file with certificates, and {file} is not ({failure.Message})");
        }

        return file;
    }

    private int PerMinuteOf(Fields fields)
    {
        if (fields.Find("per_minute") is not { } node
            || Values.Text(node, "per_minute", section.Errors) is not { } text)
        {
            return EmailLimits.PerMinute;
        }

        if (int.TryParse(text.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number is > 0 and <= EmailLimits.MostPerMinute)
        {
            return number;
        }

        section.Complain(node, $"per_minute is a number from 1 to {EmailLimits.MostPerMinute}");
        return EmailLimits.PerMinute;
    }
}
