using System.Security.Cryptography;
using Countersign.Core.Ledger.Ed25519;
using Countersign.Server.Keys;
using FsCheck;
using FsCheck.Fluent;

namespace Countersign.Tests.Keys;

public sealed class Ed25519SigningKeyTests
{
    // RFC 8032 section 7.1: seed, key, message, signature.
    [Theory]
    [InlineData(
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
            + "d25bf5f0595bbe24655141438e7a100b")]
    [InlineData(
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
            + "4a7c15e9716ed28dc027beceea1ec40a")]
    public void It_signs_as_rfc_8032_says(string seed, string publicKey, string message, string signature)
    {
        using var key = new Ed25519SigningKey(Convert.FromHexString(seed));

        Assert.Equal(publicKey, Convert.ToHexStringLower(key.PublicKey.Span));
        Assert.Equal(signature, Convert.ToHexStringLower(key.Sign(Convert.FromHexString(message))));
    }

    [Fact]
    public void What_it_signs_the_managed_verifier_accepts_and_nothing_else() => Prop
        .ForAll(ArbMap.Default.ArbFor<byte[]>(), ArbMap.Default.ArbFor<byte[]>(), static (seed, message) =>
        {
            using var key = new Ed25519SigningKey(SHA256.HashData(seed));
            var verifier = new Ed25519PublicKey(key.PublicKey.Span);
            var signature = key.Sign(message);
            return verifier.Verify(message, signature) && !verifier.Verify([.. message, 1], signature);
        })
        .QuickCheckThrowOnFailure();

    [Fact]
    public void Several_threads_may_sign_at_once()
    {
        using var key = new Ed25519SigningKey(SampleKeys.Seed(7));
        var expected = Enumerable.Range(0, 200).Select(i => key.Sign([(byte)i])).ToList();

        var signatures = Enumerable.Range(0, 200).AsParallel().AsOrdered().Select(i => key.Sign([(byte)i])).ToList();

        Assert.Equal(expected, signatures);
    }

    [Fact]
    public void New_seeds_differ() => Assert.NotEqual(Ed25519SigningKey.NewSeed(), Ed25519SigningKey.NewSeed());

    [Fact]
    public void A_seed_of_another_length_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new Ed25519SigningKey(new byte[31]));

    [Fact]
    public void A_missing_library_is_named_with_the_remedy()
    {
        var missing = new LibCryptoMissingException(["libcrypto.so.3"]);

        Assert.Contains("libcrypto.so.3", missing.Message, StringComparison.Ordinal);
        Assert.Contains("apt-get install libssl3", missing.Message, StringComparison.Ordinal);
    }
}
