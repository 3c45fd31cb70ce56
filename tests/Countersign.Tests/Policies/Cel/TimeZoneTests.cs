using Countersign.Core.Actions;
using Countersign.Core.Policies.Cel;

namespace Countersign.Tests.Policies.Cel;

/// <summary>Zones are found on the machine, by names that an agent may have chosen.</summary>
public sealed class TimeZoneTests
{
    [Theory]
    [InlineData("Europe/Berlin")]
    [InlineData("America/Argentina/Buenos_Aires")]
    [InlineData("Etc/GMT+12")]
    [InlineData("UTC")]
    public void A_zone_is_found_by_its_IANA_name(string name) => Assert.NotNull(TimeZones.Find(name));

    [Theory]
    [InlineData("")]
    [InlineData("Europe")]
    [InlineData("Europe/Nowhere")]
    [InlineData("localtime")]
    [InlineData("right/Europe/Berlin")]
    [InlineData("tzdata.zi")]
    [InlineData("/etc/localtime")]
    [InlineData("/usr/share/zoneinfo/Europe/Berlin")]
    [InlineData("Europe/../Europe/Berlin")]
    [InlineData("Europe/Berlin\0")]
    [InlineData("W. Europe Standard Time")]
    public void Nothing_else_is_a_zone_not_even_another_path_to_one(string name) => Assert.Null(TimeZones.Find(name));

    [Fact]
    public void A_condition_of_a_policy_reads_the_clock_of_a_zone()
    {
        var policy = PolicyFixture.Loaded(PolicyFixture.Rules(
            "allow: timestamp(string(action.arguments.at)).getHours(\"Europe/Berlin\") in [9, 10]",
            "deny: timestamp(string(action.arguments.at)).getHours(string(action.arguments.zone)) > 22"));

        Assert.Equal("r0", Ask("2026-07-01T07:30:00Z", "Asia/Tokyo"));
        Assert.Equal("default", Ask("2026-07-01T06:30:00Z", "+02:00"));
        Assert.Equal("r1", Ask("2026-07-01T14:30:00Z", "Asia/Tokyo"));
        Assert.Equal("r1", Ask("2026-07-01T07:30:00Z", "/etc/localtime"));

        string Ask(string at, string zone) => PolicyFixture.Ids(policy.Judge(PolicyFixture.Input(
            GateKind.Api, arguments: $$"""{"at": "{{at}}", "zone": "{{zone}}"}""")));
    }
}
