using Countersign.Core.Actions;

namespace Countersign.Tests.Actions;

public sealed class ActionIdTests
{
    private static readonly DateTimeOffset Time = new(2026, 11, 21, 10, 0, 0, TimeSpan.Zero);

    [Fact]
    public void An_id_is_act_and_26_characters_and_reads_back()
    {
        var id = ActionId.Create(Time, new byte[10]);

        Assert.Matches("^act_[0-9a-hjkmnp-tv-z]{26}$", id.Value);
        Assert.Equal(id, ActionId.Parse(id.Value));
    }

    [Fact]
    public void Later_ids_sort_later()
    {
        byte[] high = [255, 255, 255, 255, 255, 255, 255, 255, 255, 255];

        var first = ActionId.Create(Time, high);
        var second = ActionId.Create(Time.AddMilliseconds(1), new byte[10]);

        Assert.True(string.CompareOrdinal(first.Value, second.Value) < 0);
    }

    [Theory]
    [InlineData("")]
    [InlineData("act_")]
    [InlineData("act_0000000000000000000000000")]
    [InlineData("act_000000000000000000000000000")]
    [InlineData("act_0000000000000000000000000I")]
    [InlineData("ACT_00000000000000000000000000")]
    public void Anything_else_is_no_id(string text)
    {
        Assert.False(ActionId.TryParse(text, out _));
    }
}
