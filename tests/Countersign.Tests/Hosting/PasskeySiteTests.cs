using Countersign.Server.Hosting;

namespace Countersign.Tests.Hosting;

public sealed class PasskeySiteTests
{
    [Theory]
    [InlineData("https://approve.example.com", "approve.example.com", "https://approve.example.com")]
    [InlineData("https://approve.example.com:8443/", "approve.example.com", "https://approve.example.com:8443")]
    [InlineData("http://localhost:7070", "localhost", "http://localhost:7070")]
    [InlineData("http://127.0.0.1:7070", "localhost", "http://localhost:7070")]
    [InlineData("http://[::1]:7070", "localhost", "http://localhost:7070")]
    public void Passkeys_are_for_the_name_that_people_use(string address, string id, string origin)
    {
        var party = PasskeySite.Of(new Uri(address))!;

        Assert.Equal((id, origin), (party.Id, Assert.Single(party.Origins)));
    }

    [Theory]
    [InlineData("http://approve.example.com")]
    [InlineData("https://192.0.2.7")]
    [InlineData("https://[2001:db8::7]")]
    public void No_browser_makes_a_passkey_for_an_address_that_it_does_not_trust(string address) =>
        Assert.Null(PasskeySite.Of(new Uri(address)));
}
