using Countersign.Core.Ledger;

namespace Countersign.Tests.Ledger;

public sealed class Hash32Tests
{
    private static readonly Hash32 Sample = Hash32.Of("a hash"u8);

    [Fact]
    public void A_hash_survives_hex_base64_and_bytes()
    {
        Assert.Equal(Sample, Hash32.ParseHex(Sample.ToHex()));
        Assert.Equal(Sample, Hash32.ParseBase64(Sample.ToBase64()));
        Assert.Equal(Sample, new Hash32(Sample.ToArray()));
        Assert.NotEqual(Sample, Hash32.Of("another"u8));
    }

    [Theory]
    [InlineData("")]
    [InlineData("00")]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855")]
    [InlineData("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85")]
    [InlineData("g3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    public void What_is_no_hash_in_hex_is_refused(string hex) =>
        Assert.Throws<FormatException>(() => Hash32.ParseHex(hex));

    [Fact]
    public void Base64_has_one_spelling()
    {
        var text = Sample.ToBase64();
        var strayBits = text[..^2] + (char)(text[^2] + 1) + "=";

        Assert.Throws<FormatException>(() => Hash32.ParseBase64(strayBits));
        Assert.Throws<FormatException>(() => Hash32.ParseBase64(text + "\n"));
        Assert.Throws<FormatException>(() => Hash32.ParseBase64(text.TrimEnd('=')));
        Assert.Throws<FormatException>(() => Hash32.ParseBase64("AAAA"));
    }

    [Fact]
    public void A_default_hash_refuses_to_be_used()
    {
        Assert.Throws<InvalidOperationException>(() => default(Hash32).ToArray());
        Assert.Throws<InvalidOperationException>(() => default(Hash32).ToHex());
        Assert.Throws<InvalidOperationException>(() => MerkleTree.HashNode(default, Sample));
        Assert.Throws<FormatException>(() => new Hash32(new byte[31]));
    }
}
