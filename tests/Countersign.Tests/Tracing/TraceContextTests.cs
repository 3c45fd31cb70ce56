using Countersign.Core.Tracing;

namespace Countersign.Tests.Tracing;

/// <summary>W3C Trace Context: what comes from a stranger is taken only as far as the specification goes.</summary>
public sealed class TraceContextTests
{
    private const string Parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    [Theory]
    [InlineData(Parent)]
    [InlineData("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00")]
    public void A_valid_parent_stays_as_it_is(string parent) =>
        Assert.Equal(parent, TraceContext.Read(parent, state: null)!.Parent);

    [Theory]
    [InlineData("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff")]
    [InlineData("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")]
    [InlineData("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-comes-later")]
    public void Flags_and_versions_of_later_are_read_as_those_of_today(string parent) =>
        Assert.Equal(Parent, TraceContext.Read(parent, state: null)!.Parent);

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("secret")]
    [InlineData("ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")]
    [InlineData("00-00000000000000000000000000000000-00f067aa0ba902b7-01")]
    [InlineData("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01")]
    [InlineData("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01")]
    [InlineData("00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01")]
    [InlineData("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1")]
    [InlineData("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more")]
    [InlineData("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.more")]
    [InlineData(Parent + "," + Parent)]
    [InlineData("00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")]
    public void What_is_no_parent_is_no_context_whatever_the_state_says(string? parent) =>
        Assert.Null(TraceContext.Read(parent, "vendor=value"));

    [Theory]
    [InlineData("rojo=00f067aa0ba902b7,congo=t61rcWkgMzE", "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE")]
    [InlineData("a=1 , b=2,,", "a=1,b=2")]
    [InlineData("tenant@system=x", "tenant@system=x")]
    [InlineData("", null)]
    [InlineData("secret", null)]
    [InlineData("a=1,B=2", null)]
    [InlineData("a=x=y", null)]
    [InlineData("a=", null)]
    [InlineData("a=caf\u00e9", null)]
    public void A_state_is_taken_as_a_whole_or_not_at_all(string state, string? taken) =>
        Assert.Equal(taken, TraceContext.Read(Parent, state)!.State);

    [Fact]
    public void A_state_with_more_members_than_allowed_is_dropped()
    {
        var most = string.Join(',', Enumerable.Range(0, TraceContext.MaxMembers).Select(number => $"k{number}=v"));

        Assert.Equal(most, TraceContext.Read(Parent, most)!.State);
        Assert.Null(TraceContext.Read(Parent, most + ",one=more")!.State);
    }

    [Fact]
    public void A_state_that_is_too_long_loses_its_long_members_first_and_then_its_last_ones()
    {
        var member = new string('v', 100);
        var state = $"a={member},long={new string('v', 200)},b={member},c={member},d={member},e={member}";

        var taken = TraceContext.Read(Parent, state)!.State!;

        Assert.Equal($"a={member},b={member},c={member},d={member}", taken);
        Assert.True(taken.Length <= TraceContext.MaxState);
    }
}
