using System.Security.Cryptography;
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
