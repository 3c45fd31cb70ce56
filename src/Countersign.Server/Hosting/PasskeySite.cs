using System.Net;
using Countersign.Core.Identity.Passkeys;

namespace Countersign.Server.Hosting;

/// <summary>
/// Whom passkeys are made for, from the address that people use. Browsers take a domain, never an IP address, and only
/// over TLS or on this very machine (WebAuthn section 5.1.2).
/// </summary>
internal static class PasskeySite
{
    private const string ThisMachine = "localhost";

    /// <summary><c>null</c> when no browser would make a passkey for pages of this address.</summary>
    public static RelyingParty? Of(Uri address)
    {
        // An address of this machine is reached by its name too, and only by that name with passkeys.
        var host = address.IsLoopback ? ThisMachine : address.IdnHost;
        var isTrusted = address.Scheme == Uri.UriSchemeHttps || host == ThisMachine;
        return isTrusted && !IPAddress.TryParse(host.Trim('[', ']'), out _)
            ? new RelyingParty(host, [OriginOf(address, host)])
            : null;
    }

    private static string OriginOf(Uri address, string host) =>
        address.IsDefaultPort ? $"{address.Scheme}://{host}" : $"{address.Scheme}://{host}:{address.Port}";
}
