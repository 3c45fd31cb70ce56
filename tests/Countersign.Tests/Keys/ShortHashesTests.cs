using System.Security.Cryptography;
using Countersign.Core.Ledger;
using Countersign.Server.Keys;

namespace Countersign.Tests.Keys;

public sealed class ShortHashesTests
{
    /// <summary>FIPS 180-4, the examples of NIST for one block, two blocks and nothing.</summary>
    [Theory]
    [InlineData("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")]
    [InlineData(
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")]
    [InlineData("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    public void They_compute_what_the_standard_says(string content, string hash)
    {
        Assert.True(ShortHashes.Use());
        Assert.Equal(hash, Hash32.Of(System.Text.Encoding.ASCII.GetBytes(content)).ToHex());
    }

    [Fact]
    public void They_agree_with_the_platform_at_every_length_from_many_threads()
    {
        Assert.True(ShortHashes.Use());
        Parallel.For(0, 3000, length =>
        {
            var content = RandomNumberGenerator.GetBytes(length);
            Assert.Equal(SHA256.HashData(content), Hash32.Of(content).ToArray());
        });
    }

    [Fact]
    public void What_computes_something_else_is_refused_and_changes_nothing()
    {
        Assert.Throws<ArgumentException>(() => Hash32.Hasten((content, hash) => SHA256.HashData([0x00], hash)));
        Assert.Throws<ArgumentException>(() => Hash32.Hasten((content, hash) =>
        {
            SHA256.HashData(content, hash);
            hash[31] ^= (byte)(content.Length == 64 ? 1 : 0);
        }));

        Assert.Equal(SHA256.HashData("abc"u8), Hash32.Of("abc"u8).ToArray());
    }
}
