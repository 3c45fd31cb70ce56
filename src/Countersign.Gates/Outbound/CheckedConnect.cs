using System.Net;
using System.Net.Sockets;

namespace Countersign.Gates.Outbound;

/// <summary>
/// Connects to a registered host: its name is looked up, each address is checked, and the connection goes to the
/// address that was checked and to no other (THR-072). An operator's own address is meant as it is written; what a name
/// resolves to is somebody else's word.
/// </summary>
internal static class CheckedConnect
{
    /// <exception cref="HttpRequestException">The name has no address that may be connected to.</exception>
    public static async ValueTask<Stream> OpenAsync(
        SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var end = context.DnsEndPoint;
        IPAddress[] addresses = IPAddress.TryParse(end.Host, out var literal)
            ? [literal]
            : await Dns.GetHostAddressesAsync(end.Host, cancellationToken);
        var allowed = literal is not null ? addresses : [.. addresses.Where(each => WhyNot(end.Host, each) is null)];
        if (allowed.Length == 0)
        {
            throw new HttpRequestException(addresses.Length == 0
                ? $"'{end.Host}' has no address"
                : $"'{end.Host}' resolves to {addresses[0]}, which {WhyNot(end.Host, addresses[0])}");
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(allowed, end.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Why nothing is sent to an address that a name resolved to; <c>null</c> when it may be.</summary>
    public static string? WhyNot(string host, IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return 0 switch
        {
            _ when IPAddress.IsLoopback(plain) && !IsLocalName(host) => "is this machine itself",
            _ when plain.Equals(IPAddress.Any) || plain.Equals(IPAddress.IPv6Any) => "is no address of a server",
            _ when plain.IsIPv6LinkLocal || plain.IsIPv6Multicast => "is link-local or multicast",
            _ when plain.AddressFamily == AddressFamily.InterNetwork && IsSpecial(plain.GetAddressBytes()) =>
                "is link-local (where clouds keep credentials) or multicast",
            _ => null,
        };
    }

    /// <summary>169.254/16, 224/4 and above, and 0/8 (RFC 6890).</summary>
    private static bool IsSpecial(byte[] address) =>
        address is [169, 254, ..] || address[0] >= 224 || address[0] == 0;

    /// <summary>RFC 6761 section 6.3.</summary>
    private static bool IsLocalName(string host)
    {
        var name = host.TrimEnd('.');
        return name.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || name.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase);
    }
}
