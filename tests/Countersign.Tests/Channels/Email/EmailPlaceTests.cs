using Countersign.Core.Identity;
using Countersign.Server.Channels.Email;

namespace Countersign.Tests.Channels.Email;

public sealed class EmailPlaceTests
{
    [Fact]
    public void Who_was_told_is_read_as_it_was_written()
    {
        var place = EmailPlace.Of(null, revision: 3).With("bb").With("aa");

        Assert.Equal("3 aa bb", place.ToString());
        Assert.Equal(place.Told, EmailPlace.Of(place.ToString(), revision: 3).Told);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("2 bb")]
    [InlineData("bb")]
    [InlineData("1")]
    public void Of_another_revision_nobody_was_told(string? text) =>
        Assert.Empty(EmailPlace.Of(text, revision: 1).Told);

    [Fact]
    public void A_mark_tells_nobody_who_it_was_nor_that_it_was_the_same()
    {
        var (marks, bob) = (new EmailMarks(new byte[32]), new PersonId("bob"));

        Assert.Equal(marks.Of("act_1", bob), marks.Of("act_1", bob));
        Assert.NotEqual(marks.Of("act_1", bob), marks.Of("act_2", bob));
        Assert.NotEqual(marks.Of("act_1", bob), new EmailMarks([.. new byte[31], 1]).Of("act_1", bob));
        Assert.Matches("^[0-9a-f]{24}$", marks.Of("act_1", bob));
    }
}
