using System.Text;
using Countersign.Core.Ledger;

namespace Countersign.Tests.Ledger;

public sealed class CheckpointTests
{
    private const string Root = "qINS1GRFhWHwdkUeqLEoP4yEMkTBBzxBkGwGQlVlVcs=";

    [Fact]
    public void A_checkpoint_survives_its_text()
    {
        const string text = $"ledger.example.com/team\n20852163\n{Root}\n";

        var checkpoint = Parse(text);

        Assert.Equal("ledger.example.com/team", checkpoint.Origin.Value);
        Assert.Equal(20852163, checkpoint.Size);
        Assert.Equal(Root, checkpoint.Root.ToBase64());
        Assert.Empty(checkpoint.Extensions);
        Assert.Equal(text, Encoding.UTF8.GetString(checkpoint.ToText()));
    }

    [Fact]
    public void Extension_lines_are_kept()
    {
        const string text = $"go.sum database tree\n9223372036854775807\n{Root}\none\n+ two\n";

        var checkpoint = Parse(text);

        Assert.Equal(["one", "+ two"], checkpoint.Extensions);
        Assert.Equal(text, Encoding.UTF8.GetString(checkpoint.ToText()));
    }

    [Fact]
    public void An_empty_log_has_the_empty_root()
    {
        var checkpoint = Parse("a\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n");

        Assert.Equal(MerkleTree.EmptyRoot, checkpoint.Root);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\n1\n")]
    [InlineData($"a\n1\n{Root}")]
    [InlineData($"\n1\n{Root}\n")]
    [InlineData($"a\n\n{Root}\n")]
    [InlineData($"a\n01\n{Root}\n")]
    [InlineData($"a\n+1\n{Root}\n")]
    [InlineData($"a\n-1\n{Root}\n")]
    [InlineData($"a\n 1\n{Root}\n")]
    [InlineData($"a\n1 \n{Root}\n")]
    [InlineData($"a\n0x1\n{Root}\n")]
    [InlineData($"a\n٣\n{Root}\n")]
    [InlineData($"a\n9223372036854775808\n{Root}\n")]
    [InlineData($"a\n0\n{Root}\n")]
    [InlineData($"a\r\n1\r\n{Root}\r\n")]
    [InlineData($"a\n1\n{Root} \n")]
    [InlineData("a\n1\nqINS1GRFhWHwdkUeqLEoP4yEMkTBBzxBkGwGQlVlVc==\n")]
    [InlineData("a\n1\nqINS1GRFhWHwdkUeqLEoP4yEMkTBBzxBkGwGQlVlVct=\n")]
    [InlineData("a\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n")]
    [InlineData($"a\n1\n{Root}\n\n")]
    [InlineData($"a\n1\n{Root}\nx\n\n")]
    public void Any_other_spelling_is_refused(string text) => Assert.Throws<FormatException>(() => Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("a\nb")]
    [InlineData("a\tb")]
    public void What_is_no_origin_is_refused(string origin) =>
        Assert.Throws<FormatException>(() => new LogOrigin(origin));

    [Fact]
    public void An_extension_of_several_lines_is_refused() => Assert.Throws<FormatException>(
        () => new Checkpoint(new LogOrigin("a"), 1, Hash32.ParseBase64(Root), ["one\ntwo"]));

    [Fact]
    public void A_default_origin_refuses_to_be_used() =>
        Assert.Throws<InvalidOperationException>(() => default(LogOrigin).Value);

    private static Checkpoint Parse(string text) => Checkpoint.Parse(Encoding.UTF8.GetBytes(text));
}
