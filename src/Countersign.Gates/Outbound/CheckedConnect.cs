using System.Collections.Frozen;
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
    /// <summary>
    /// Metadata services that are on no link-local address: of Amazon (its documents name fd00:ec2::254), of Alibaba
    /// (100.100.100.200), and of Azure's platform (168.63.129.16).
    /// </summary>
    private static readonly FrozenSet<IPAddress> s_metadata = FrozenSet.Create(
        IPAddress.Parse("fd00:ec2::254"), IPAddress.Parse("100.100.100.200"), IPAddress.Parse("168.63.129.16"));

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
        var plain = Inner(address);
        return 0 switch
        {
            _ when IPAddress.IsLoopback(plain) && !IsLocalName(host) => "is this machine itself",
            _ when plain.Equals(IPAddress.Any) || plain.Equals(IPAddress.IPv6Any) => "is no address of a server",
            _ when plain.IsIPv6LinkLocal || plain.IsIPv6Multicast => "is link-local or multicast",
            _ when plain.AddressFamily == AddressFamily.InterNetwork && IsSpecial(plain.GetAddressBytes()) =>
                "is link-local (where clouds keep credentials) or multicast",
            _ when s_metadata.Contains(plain) => "is where a cloud keeps credentials",
            _ => null,
        };
    }

    /// <summary>
    /// The address of version 4 that one of version 6 stands for: mapped (RFC 4291), translated by NAT64 (RFC 6052, its
    /// well-known prefix and the one for local use of RFC 8215), 6to4 (RFC 3056).
    /// </summary>
    private static IPAddress Inner(IPAddress address)
    {
        if (address.AddressFamily == AddressFamily.InterNetwork || address.IsIPv4MappedToIPv6)
        {
            return address.MapToIPv4();
        }

        return address.GetAddressBytes() switch
        {
            [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, .. var last] => new IPAddress(last),
            [0, 0x64, 0xff, 0x9b, 0, 1, _, _, _, _, _, _, .. var last] => new IPAddress(last),
            [0x20, 0x02, var a, var b, var c, var d, ..] => new IPAddress([a, b, c, d]),
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, var a, var b, var c, var d] when a != 0 => new IPAddress([a, b, c, d]),
            _ => address,
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
