using System.Net;
using System.Net.Sockets;
using Countersign.Gates.Outbound;

namespace Countersign.Tests.Outbound;

/// <summary>
/// A name that somebody else controls leads to no address that only this machine can reach (THR-072).
/// </summary>
public sealed class CheckedConnectTests
{
    [Theory]
    [InlineData("api.example.com", "169.254.169.254")]
    [InlineData("api.example.com", "::ffff:169.254.169.254")]
    [InlineData("api.example.com", "127.0.0.1")]
    [InlineData("api.example.com", "127.8.8.8")]
    [InlineData("api.example.com", "::1")]
    [InlineData("api.example.com", "::ffff:127.0.0.1")]
    [InlineData("api.example.com", "0.0.0.0")]
    [InlineData("api.example.com", "0.1.2.3")]
    [InlineData("api.example.com", "::")]
    [InlineData("api.example.com", "fe80::1")]
    [InlineData("api.example.com", "ff02::1")]
    [InlineData("api.example.com", "224.0.0.1")]
    [InlineData("api.example.com", "255.255.255.255")]
    [InlineData("api.example.com", "fd00:ec2::254")]
    [InlineData("api.example.com", "100.100.100.200")]
    [InlineData("api.example.com", "168.63.129.16")]
    [InlineData("api.example.com", "64:ff9b::a9fe:a9fe")]
    [InlineData("api.example.com", "64:ff9b:1::a9fe:a9fe")]
    [InlineData("api.example.com", "64:ff9b::7f00:1")]
    [InlineData("api.example.com", "2002:a9fe:a9fe::1")]
    [InlineData("api.example.com", "::169.254.169.254")]
    [InlineData("localhost.example.com", "127.0.0.1")]
    [InlineData("localhost", "169.254.169.254")]
    public void Such_an_address_is_refused(string host, string address) =>
        Assert.NotNull(CheckedConnect.WhyNot(host, IPAddress.Parse(address)));

    /// <summary>Most systems know a name for a loopback address that is not localhost.</summary>
    [Fact]
    public async Task The_gateways_own_connections_are_checked()
    {
        var name = await FindNameAsync();
        Assert.SkipWhen(name is null, "No name but localhost leads to a loopback address here.");
        using var listener = new TcpListener(IPAddress.Loopback, port: 0);
        listener.Start();
        using var http = new HttpMessageInvoker(OutboundHttp.Handler(TimeSpan.FromSeconds(5)));
        using var request = new HttpRequestMessage(
            HttpMethod.Get, $"http://{name}:{((IPEndPoint)listener.LocalEndpoint).Port}/");

        var refusal = await Assert.ThrowsAsync<HttpRequestException>(
            () => http.SendAsync(request, TestContext.Current.CancellationToken));

        Assert.Contains("is this machine itself", refusal.ToString(), StringComparison.Ordinal);
        Assert.False(listener.Pending());
    }

    [Theory]
    [InlineData("api.example.com", "93.184.216.34")]
    [InlineData("billing.internal", "10.1.2.3")]
    [InlineData("billing.internal", "192.168.1.1")]
    [InlineData("billing.internal", "fd00::1")]
    [InlineData("billing.internal", "100.100.100.201")]
    [InlineData("api.example.com", "64:ff9b::5db8:d822")]
    [InlineData("api.example.com", "2606:2800:220:1::1")]
    [InlineData("localhost", "127.0.0.1")]
    [InlineData("localhost.", "::1")]
    [InlineData("api.localhost", "127.0.0.1")]
    public void An_address_of_a_server_is_not(string host, string address) =>
        Assert.Null(CheckedConnect.WhyNot(host, IPAddress.Parse(address)));

    private static async Task<string?> FindNameAsync()
    {
        var known = File.ReadLines("/etc/hosts").Select(line => line.Split('#')[0])
            .SelectMany(line => line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries).Skip(1))
            .Where(name => !name.EndsWith("localhost", StringComparison.Ordinal) || name.StartsWith("ip6-"));
        foreach (var name in known)
        {
            try
            {
                if ((await Dns.GetHostAddressesAsync(name)).All(IPAddress.IsLoopback))
                {
                    return name;
                }
            }
            catch (SocketException)
            {
                // It is not looked up there.
            }
        }

        return null;
    }
}
