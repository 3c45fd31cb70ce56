using Countersign.Core.Identity;
using Countersign.Server.Channels.Email;

namespace Countersign.Tests.Channels.Email;

public sealed class EmailPlaceTests
{
    [Fact]
    public void Who_was_told_is_read_as_it_was_written()
    {
        var place = EmailPlace.Of(null, revision: 3).With(new PersonId("bob")).With(new PersonId("alice@x.y"));

        Assert.Equal("3 alice@x.y bob", place.ToString());
        Assert.True(place.Told.SetEquals(EmailPlace.Of(place.ToString(), revision: 3).Told));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("2 bob")]
    [InlineData("bob")]
    [InlineData("1")]
    public void Of_another_revision_nobody_was_told(string? text) =>
        Assert.Empty(EmailPlace.Of(text, revision: 1).Told);
}
