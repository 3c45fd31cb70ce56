using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Countersign.Core.Actions;
using Countersign.Gates.Credentials;
using Countersign.Gates.Http;
using Countersign.Gates.Outbound;
using Countersign.Server.Configuration;

namespace Countersign.Server.Hosting;

/// <summary>What the configuration says about an HTTP target, in the gate's own words.</summary>
internal static class HttpTarget
{
    /// <exception cref="ConfigurationException">The target's certificate cannot be used.</exception>
    public static HttpOptions Of(TargetSettings target, Settings all, TimeProvider time, ILogger log)
    {
        var settings = target.Http!;
        return new HttpOptions(settings.Upstream)
        {
            Credential = CredentialOf(settings, time),
            Mint = settings.Mint is { } mint ? new CredentialMint(mint, time, log).MintAsync : null,
            Certificate = settings.Certificate is { } files ? CertificateOf(target.Target.Name, files) : null,
            Headers = settings.Headers.Union(IsPlain(target, settings) ? HttpHeaders.OfPieces : []),
            Operations = settings.Operations,
            GraphQl = settings.GraphQl,
            Previews = settings.Previews,
            Status = settings.Status,
            Redaction = target.Target.Redaction,
            Limits = new HttpLimits { Body = (int)all.Limits.Body },
        };
    }

    /// <summary>Whether nothing has to be found in what the target answers.</summary>
    private static bool IsPlain(TargetSettings target, HttpSettings settings) => target.Target.Redaction.IsNone
        && settings.OAuth is null && settings.Mint is null && settings.Credential.IsEmpty;

    private static StandingCredential? CredentialOf(HttpSettings settings, TimeProvider time)
    {
        if (settings.OAuth is { } oauth)
        {
            return new OAuthClient(oauth, OutboundHttp.ForTokens(oauth.Patience), time).LendAsync;
        }

        if (settings.Credential.IsEmpty)
        {
            return null;
        }

        var lent = new Lent(
            [.. settings.Credential.Select(each => new CredentialHeader(each.Header, new Secret(each.Value)))]);
        return (_, _) => ValueTask.FromResult(lent);
    }

    private static X509Certificate2 CertificateOf(TargetName name, TlsSettings files)
    {
        try
        {
            return X509Certificate2.CreateFromPemFile(files.Certificate, files.Key);
        }
        catch (Exception unusable) when (unusable is CryptographicException or IOException
            or UnauthorizedAccessException or ArgumentException)
        {
            throw new ConfigurationException(
                $"The certificate of target '{name}' cannot be used: {unusable.Message} Name a PEM certificate and " +
                "its PEM key under 'credentials'.");
        }
    }
}
