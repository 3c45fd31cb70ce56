using System.Text;
using System.Text.Json;
using Countersign.Core.Actions;
using Countersign.Core.Ledger;
using FsCheck;
using FsCheck.Fluent;

namespace Countersign.Tests.Ledger;

public sealed class LeafTests
{
    private const string Canonical =
        """{"action":"act_0123456789abcdefghjkmnpqrs","at":"2026-11-21T10:00:00.000Z","payload":"""
        + "\"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\""
        + ""","prev":41,"revision":2,"type":"review.opened","v":1}""";

    private const string WithoutAction =
        """{"action":null,"at":"2026-11-21T10:00:00.123Z","payload":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e"""
        + """4649b934ca495991b7852b855","prev":null,"revision":0,"type":"policy.changed","v":1}""";

    private static readonly ActionId Action = ActionId.Parse("act_0123456789abcdefghjkmnpqrs");
    private static readonly DateTimeOffset At = new(2026, 11, 21, 12, 0, 0, TimeSpan.FromHours(2));

    [Fact]
    public void A_leaf_is_canonical_json()
    {
        var subject = new ActionRevision(Action, 2);
        var leaf = new Leaf(EntryType.ReviewOpened, At, subject, MerkleTree.EmptyRoot, previous: 41);

        Assert.Equal(Canonical, Encoding.UTF8.GetString(leaf.Encode()));
        Assert.Equal(leaf, Decode(Canonical));
        using var json = JsonDocument.Parse(Canonical);
        var names = json.RootElement.EnumerateObject().Select(static member => member.Name).ToList();
        Assert.Equal(names.Order(StringComparer.Ordinal), names);
    }

    [Fact]
    public void An_entry_that_concerns_no_action_says_so()
    {
        var at = At.AddMilliseconds(123).AddTicks(9999);
        var leaf = new Leaf(EntryType.PolicyChanged, at, subject: null, MerkleTree.EmptyRoot, previous: null);

        Assert.Equal(WithoutAction, Encoding.UTF8.GetString(leaf.Encode()));
        Assert.Equal(leaf, Decode(WithoutAction));
    }

    [Fact]
    public void Every_leaf_survives_its_bytes() => Prop
        .ForAll(
            ArbMap.Default.GeneratorFor<DateTimeOffset>().Zip(ArbMap.Default.GeneratorFor<byte[]>())
                .Zip(Gen.Choose(0, int.MaxValue).Two(), static (first, second) => (first.Item1, first.Item2, second))
                .Zip(Gen.Elements(Enum.GetValues<EntryType>())).ToArbitrary(),
            static sample =>
            {
                var ((at, payload, (revision, previous)), type) = sample;
                ActionRevision? subject = revision == 0 ? null : new ActionRevision(Action, revision);
                var leaf = new Leaf(type, at, subject, Hash32.Of(payload), previous * 4_000_000_000L);
                return Leaf.Decode(leaf.Encode()) == leaf;
            })
        .QuickCheckThrowOnFailure();

    [Fact]
    public void No_byte_of_a_leaf_can_be_changed_unnoticed()
    {
        foreach (var bytes in new[] { Encoding.UTF8.GetBytes(Canonical), Encoding.UTF8.GetBytes(WithoutAction) })
        {
            var leaf = Leaf.Decode(bytes);
            for (var bit = 0; bit < bytes.Length * 8; bit++)
            {
                var changed = (byte[])bytes.Clone();
                changed[bit / 8] ^= (byte)(1 << (bit % 8));
                var other = TryDecode(changed);
                Assert.True(other is null || (other != leaf && other.Encode().SequenceEqual(changed)), $"bit {bit}");
            }
        }
    }

    [Theory]
    [InlineData("", " ")]
    [InlineData("\"v\":1", "\"v\":2")]
    [InlineData("\"v\":1", "\"v\": 1")]
    [InlineData("\"v\":1}", "\"v\":1}\n")]
    [InlineData("\"v\":1}", "\"v\":1,\"x\":2}")]
    [InlineData("\"v\":1}", "")]
    [InlineData("review.opened", "review.closed")]
    [InlineData("review.opened", "Review.opened")]
    [InlineData("\"prev\":41", "\"prev\":-1")]
    [InlineData("\"prev\":41", "\"prev\":041")]
    [InlineData("\"prev\":41", "\"prev\":4.1e1")]
    [InlineData("\"prev\":41", "\"prev\":9223372036854775808")]
    [InlineData("\"prev\":41,", "")]
    [InlineData("\"revision\":2", "\"revision\":0")]
    [InlineData("\"revision\":2", "\"revision\":2147483648")]
    [InlineData("\"revision\":2", "\"revision\":\"2\"")]
    [InlineData("\"act_0123456789abcdefghjkmnpqrs\"", "null")]
    [InlineData("\"act_0123456789abcdefghjkmnpqrs\"", "\"null\"")]
    [InlineData("act_0", "act_\\u0030")]
    [InlineData("10:00:00.000Z", "10:00:00Z")]
    [InlineData("10:00:00.000Z", "10:00:00.000+00:00")]
    [InlineData("10:00:00.000Z", "10:00:60.000Z")]
    [InlineData("10:00:00.000Z", "10:00:00.0000Z")]
    [InlineData("\"2026-11-21T10:00:00.000Z\"", "1795255200")]
    [InlineData("sha256:", "sha512:")]
    [InlineData("sha256:e3", "sha256:E3")]
    [InlineData("{\"action\"", "{\"Action\"")]
    public void Any_other_spelling_is_refused(string part, string instead)
    {
        var changed = part.Length == 0
            ? instead + Canonical
            : Canonical.Replace(part, instead, StringComparison.Ordinal);

        Assert.NotEqual(Canonical, changed);
        Assert.Throws<FormatException>(() => Decode(changed));
    }

    [Fact]
    public void A_leaf_that_cannot_be_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new Leaf(default, At, null, MerkleTree.EmptyRoot, null));
        Assert.Throws<ArgumentOutOfRangeException>(
            () => new Leaf(EntryType.KeyRotated, At, null, MerkleTree.EmptyRoot, previous: -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ActionRevision(Action, 0));
        Assert.Throws<InvalidOperationException>(() => default(ActionRevision).Number);
    }

    [Fact]
    public void Every_entry_type_has_its_own_name()
    {
        var types = Enum.GetValues<EntryType>();

        Assert.Equal(25, types.Select(static type => type.ToText()).Distinct().Count());
        Assert.All(
            types, static type => Assert.True(EntryTypes.TryParse(type.ToText(), out var again) && again == type));
        Assert.False(EntryTypes.TryParse("ActionRequested", out _));
    }

    private static Leaf Decode(string text) => Leaf.Decode(Encoding.UTF8.GetBytes(text));

    private static Leaf? TryDecode(byte[] bytes)
    {
        try
        {
            return Leaf.Decode(bytes);
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
