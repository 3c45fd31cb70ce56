using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Policies;

namespace Countersign.Tests.Identity;

public sealed class NameTests
{
    [Theory]
    [InlineData("")]
    [InlineData(" alice")]
    [InlineData("-alice")]
    [InlineData("al ice")]
    [InlineData("aliсe")]
    [InlineData("a\u202Eb")]
    public void A_name_that_could_mislead_is_refused(string name)
    {
        Assert.Throws<ArgumentException>(() => new PersonId(name));
        Assert.Throws<ArgumentException>(() => new AgentId(name));
        Assert.Throws<ArgumentException>(() => new GroupName(name));
        Assert.Throws<ArgumentException>(() => new RuleId(name));
        Assert.False(TargetName.TryParse(name, out _));
    }

    [Fact]
    public void A_default_name_refuses_to_be_used()
    {
        Assert.Throws<InvalidOperationException>(() => default(PersonId).Value);
        Assert.Throws<InvalidOperationException>(() => default(ActionId).Value);
        Assert.Throws<InvalidOperationException>(() => default(ActionDigest).Value);
    }

    [Theory]
    [InlineData("group:dba")]
    [InlineData("alice")]
    public void A_party_reads_what_it_writes(string text)
    {
        Assert.Equal(text, Party.Parse(text).ToString());
    }

    [Fact]
    public void A_bare_name_is_a_person()
    {
        Assert.Equal(new Party.OfPerson(new PersonId("alice")), Party.Parse("alice"));
        Assert.Equal(new Party.OfPerson(new PersonId("alice")), Party.Parse("person:alice"));
    }
}
