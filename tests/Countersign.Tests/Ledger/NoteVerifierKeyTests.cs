using Countersign.Core.Ledger;

namespace Countersign.Tests.Ledger;

public sealed class NoteVerifierKeyTests
{
    private const string Line = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";

    [Fact]
    public void A_verifier_key_survives_its_line()
    {
        var key = NoteVerifierKey.Parse(Line);

        Assert.Equal("example.com/foo", key.Name.Value);
        Assert.Equal("530d903a", key.Id.ToString());
        Assert.Same(NoteAlgorithm.Ed25519, key.Algorithm);
        Assert.Equal(Line, key.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("example.com/foo")]
    [InlineData("example.com/foo+530d903a")]
    [InlineData("example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")]
    [InlineData("example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")]
    [InlineData("example.com/foo+0530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")]
    [InlineData("example.com/bar+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")]
    [InlineData("+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")]
    [InlineData("example .com+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")]
    [InlineData("example.com/foo+530d903a+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")]
    [InlineData("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k\n")]
    [InlineData("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv")]
    [InlineData("example.com/foo+530d903a+AQ==")]
    public void A_damaged_line_is_refused(string line) =>
        Assert.Throws<FormatException>(() => NoteVerifierKey.Parse(line));

    [Fact]
    public void An_unknown_type_is_refused_with_the_known_ones()
    {
        var refusal = Assert.Throws<FormatException>(() => NoteAlgorithm.Of(0x07));

        Assert.Contains("0x07", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("0x01 (Ed25519)", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("a+b")]
    [InlineData("a\u2003b")]
    [InlineData("a\u0001b")]
    [InlineData("a\nb")]
    public void What_is_no_key_name_is_refused(string name) => Assert.Throws<FormatException>(() => new KeyName(name));

    // Attributes are stored as UTF-8 and cannot hold a lone surrogate.
    [Fact]
    public void A_lone_surrogate_is_refused()
    {
        Assert.Throws<FormatException>(() => new KeyName("a\ud800b"));
        Assert.Throws<FormatException>(() => new LogOrigin("\udc00"));
    }

    [Fact]
    public void Names_have_at_most_255_bytes()
    {
        Assert.Equal(255, new KeyName(new string('a', 255)).Value.Length);
        Assert.Throws<FormatException>(() => new KeyName(new string('a', 256)));
        Assert.Throws<FormatException>(() => new KeyName(new string('ä', 128)));
    }

    [Fact]
    public void A_default_name_refuses_to_be_used() =>
        Assert.Throws<InvalidOperationException>(() => default(KeyName).Value);
}
