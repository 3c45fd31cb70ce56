using System.Numerics;
using System.Security.Cryptography;
using Countersign.Core.Ledger.Ed25519;

namespace Countersign.Tests.Ledger.Ed25519;

public sealed class Ed25519PublicKeyTests
{
    private static readonly BigInteger Order =
        BigInteger.Pow(2, 252) + BigInteger.Parse("27742317777372353535851937790883648493");
    private static readonly BigInteger Prime = BigInteger.Pow(2, 255) - 19;

    // RFC 8032 section 7.1: key, message, signature.
    public static TheoryData<string, string, string> Vectors { get; } = new()
    {
        {
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
                + "d25bf5f0595bbe24655141438e7a100b"
        },
        {
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
                + "387b2eaeb4302aeeb00d291612bb0c00"
        },
        {
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
                + "4a7c15e9716ed28dc027beceea1ec40a"
        },
        {
            "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
            Convert.ToHexString(SHA512.HashData("abc"u8)),
            "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e030"
                + "3dca179c138ac17ad9bef1177331a704"
        },
    };

    [Theory]
    [MemberData(nameof(Vectors))]
    public void The_vectors_of_rfc_8032_verify(string key, string message, string signature) =>
        Assert.True(KeyOf(key).Verify(Convert.FromHexString(message), Convert.FromHexString(signature)));

    [Theory]
    [MemberData(nameof(Vectors))]
    public void No_bit_of_a_signature_can_be_changed(string key, string message, string signature)
    {
        var bytes = Convert.FromHexString(signature);
        var text = Convert.FromHexString(message);
        for (var bit = 0; bit < bytes.Length * 8; bit++)
        {
            var changed = (byte[])bytes.Clone();
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(KeyOf(key).Verify(text, changed));
        }
    }

    [Theory]
    [MemberData(nameof(Vectors))]
    public void Another_message_or_length_is_refused(string key, string message, string signature)
    {
        var bytes = Convert.FromHexString(signature);
        var text = Convert.FromHexString(message);

        Assert.False(KeyOf(key).Verify([.. text, 0], bytes));
        Assert.False(KeyOf(key).Verify(text, bytes.AsSpan(0, 63)));
        Assert.False(KeyOf(key).Verify(text, [.. bytes, 0]));
        Assert.False(KeyOf(key).Verify(text, []));
    }

    [Theory]
    [MemberData(nameof(Vectors))]
    public void A_scalar_raised_by_the_group_order_is_refused(string key, string message, string signature)
    {
        var bytes = Convert.FromHexString(signature);
        var twin = new BigInteger(bytes.AsSpan(32), isUnsigned: true) + Order;

        Assert.False(KeyOf(key).Verify(Convert.FromHexString(message), [.. bytes[..32], .. LittleEndian(twin)]));
    }

    [Fact]
    public void A_changed_key_never_verifies()
    {
        var (key, message, signature) = Vectors.ElementAt(1).Data;
        for (var bit = 0; bit < 256; bit++)
        {
            var changed = Convert.FromHexString(key);
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(TryVerify(changed, Convert.FromHexString(message), Convert.FromHexString(signature)));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(18)]
    public void A_coordinate_not_below_the_prime_is_refused(int excess) =>
        Assert.Throws<FormatException>(() => new Ed25519PublicKey(LittleEndian(Prime + excess)));

    // The points of order 1, 2, 4 and 8 with every sign of x that exists.
    [Theory]
    [InlineData("0100000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("0100000000000000000000000000000000000000000000000000000000000080")]
    [InlineData("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    [InlineData("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff")]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000080")]
    [InlineData("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")]
    [InlineData("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85")]
    [InlineData("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")]
    [InlineData("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa")]
    public void A_key_of_small_order_is_refused(string key) => Assert.Throws<FormatException>(() => KeyOf(key));

    [Theory]
    [InlineData("")]
    [InlineData("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f70751")]
    [InlineData("0200000000000000000000000000000000000000000000000000000000000000")]
    public void What_is_no_point_is_refused(string key) => Assert.Throws<FormatException>(() => KeyOf(key));

    private static Ed25519PublicKey KeyOf(string hex) => new(Convert.FromHexString(hex));

    private static bool TryVerify(byte[] key, byte[] message, byte[] signature)
    {
        try
        {
            return new Ed25519PublicKey(key).Verify(message, signature);
        }
        catch (FormatException)
        {
            return false;
        }
    }

    private static byte[] LittleEndian(BigInteger number)
    {
        var bytes = new byte[32];
        number.TryWriteBytes(bytes, out _, isUnsigned: true);
        return bytes;
    }
}
