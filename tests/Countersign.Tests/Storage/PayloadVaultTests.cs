using System.Security.Cryptography;
using Countersign.Core.Ledger;
using Countersign.Core.Storage;
using Countersign.Server.Storage;

namespace Countersign.Tests.Storage;

public sealed class PayloadVaultTests : IDisposable
{
    private const string Context = "a context";

    private readonly PayloadVault _vault = new(new PayloadKey(new byte[32]), RandomNumberGenerator.Fill);

    public void Dispose() => _vault.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(100_000)]
    public void What_is_sealed_opens_under_its_context(int length)
    {
        var payload = RandomNumberGenerator.GetBytes(length);
        Assert.Equal(payload, _vault.Open(_vault.Seal(payload, Context), Context));
    }

    [Fact]
    public void What_an_earlier_version_sealed_still_opens_and_is_never_disclosed()
    {
        var key = new PayloadKey(new byte[32]);
        var (dataKey, nonce, associated) = (
            RandomNumberGenerator.GetBytes(32), new byte[12], "countersign-payload-v1\na context"u8.ToArray());
        var body = (byte[])[.. new byte[16], .. "payload"u8];
        var tag = new byte[16];
        using var gcm = new AesGcm(dataKey, tag.Length);
        gcm.Encrypt(nonce, body, body, tag, associated);
        using var wrapping = new ExtendedAesGcm(key.Bytes);
        var box = new SealedPayload([.. nonce, .. body, .. tag], wrapping.Seal(new byte[24], dataKey, associated));

        Assert.Equal("payload"u8, _vault.Open(box, Context));
        Assert.Null(_vault.Disclose(box, Context));
        Assert.Throws<StoreUnavailableException>(() => _vault.Disclose(box, "another context"));
    }

    [Fact]
    public void A_sealed_payload_opens_with_the_one_key_that_it_commits_to()
    {
        var box = _vault.Seal("payload"u8.ToArray(), Context);
        var opened = _vault.Disclose(box, Context)!;
        Assert.Equal(box.Ciphertext, PayloadSeal.Close(opened, Context));
        Assert.Equal("payload"u8, opened.Json.Span);

        // Even where everything behind it would open with another key, the hash in front names only one.
        var other = opened with { Key = RandomNumberGenerator.GetBytes(32) };
        var swapped = (byte[])[.. PayloadSeal.Close(opened, Context)[..32], .. PayloadSeal.Close(other, Context)[32..]];
        Assert.ThrowsAny<CryptographicException>(() => PayloadSeal.Open(swapped, other.Key.Span, Context));
    }

    [Fact]
    public void Another_context_does_not_open_it()
    {
        var box = _vault.Seal("payload"u8.ToArray(), Context);
        Assert.Throws<StoreUnavailableException>(() => _vault.Open(box, "another context"));
    }

    [Fact]
    public void Another_key_does_not_open_it()
    {
        using var other = new PayloadVault(
            new PayloadKey(RandomNumberGenerator.GetBytes(32)), RandomNumberGenerator.Fill);
        var box = _vault.Seal("payload"u8.ToArray(), Context);
        Assert.Throws<StoreUnavailableException>(() => other.Open(box, Context));
        Assert.NotEqual(_vault.KeyId, other.KeyId);
    }

    [Fact]
    public void Ciphertext_and_wrapped_key_of_two_payloads_do_not_mix()
    {
        var (one, two) = (_vault.Seal("one"u8.ToArray(), Context), _vault.Seal("two"u8.ToArray(), Context));
        Assert.Throws<StoreUnavailableException>(() => _vault.Open(one with { WrappedKey = two.WrappedKey }, Context));
    }

    [Fact]
    public void Equal_payloads_never_share_a_ciphertext()
    {
        var (one, two) = (_vault.Seal("same"u8.ToArray(), Context), _vault.Seal("same"u8.ToArray(), Context));
        Assert.NotEqual(one.Ciphertext, two.Ciphertext);
        Assert.NotEqual(one.WrappedKey, two.WrappedKey);
    }

    [Fact]
    public void A_ciphertext_that_is_cut_off_is_refused()
    {
        var box = _vault.Seal("payload"u8.ToArray(), Context);
        for (var length = 0; length < box.Ciphertext.Length; length++)
        {
            var cut = box with { Ciphertext = box.Ciphertext[..length] };
            Assert.Throws<StoreUnavailableException>(() => _vault.Open(cut, Context));
        }
    }

    [Fact]
    public void A_value_opens_only_under_its_context()
    {
        var box = _vault.SealValue("alice"u8, Context);
        Assert.Equal("alice"u8, _vault.OpenValue(box, Context));
        Assert.Throws<StoreUnavailableException>(() => _vault.OpenValue(box, "another context"));
    }
}
