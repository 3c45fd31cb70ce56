using System.Security.Cryptography;
using System.Text;
using Countersign.Server.Storage;

namespace Countersign.Tests.Storage;

public sealed class ExtendedAesGcmTests
{
    private static readonly byte[] Nonce = Encoding.ASCII.GetBytes("ABCDEFGHIJKLMNOPQRSTUVWX");

    /// <summary>The two vectors of the specification (c2sp.org/XAES-256-GCM).</summary>
    [Theory]
    [InlineData(0x01, "", "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271")]
    [InlineData(0x03, "c2sp.org/XAES-256-GCM", "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d")]
    public void The_vectors_of_the_specification_hold(byte keyByte, string associated, string expected)
    {
        using var cipher = new ExtendedAesGcm(Enumerable.Repeat(keyByte, 32).ToArray());
        var box = cipher.Seal(Nonce, "XAES-256-GCM"u8, Encoding.ASCII.GetBytes(associated));
        Assert.Equal(expected, Convert.ToHexStringLower(box.AsSpan(Nonce.Length)));
        Assert.Equal("XAES-256-GCM"u8, cipher.Open(box, Encoding.ASCII.GetBytes(associated)));
    }

    [Fact]
    public void No_bit_of_a_box_can_be_flipped()
    {
        using var cipher = new ExtendedAesGcm(new byte[32]);
        var box = cipher.Seal(Nonce, "text"u8, []);
        for (var bit = 0; bit < box.Length * 8; bit++)
        {
            var changed = box.ToArray();
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.ThrowsAny<CryptographicException>(() => cipher.Open(changed, []));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(39)]
    public void A_box_that_is_cut_off_is_refused(int length)
    {
        using var cipher = new ExtendedAesGcm(new byte[32]);
        Assert.ThrowsAny<CryptographicException>(() => cipher.Open(new byte[length], []));
    }
}
