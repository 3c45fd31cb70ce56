using System.Security.Cryptography;
using Countersign.Core.Storage;
using Countersign.Server.Keys;
using Countersign.Server.Storage;
using Countersign.Tests.Support;

namespace Countersign.Tests.Keys;

/// <summary>
/// Key files under a passphrase: nothing of the key is in them, and nothing but the passphrase opens them.
/// </summary>
public sealed class PassphraseTests : IDisposable
{
    private const string Passphrase = "correct horse battery staple";

    private readonly TemporaryFolder _folder = new();

    private string KeyPath => _folder.PathOf("ledger.key");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_ledger_key_is_made_boxand_opens_with_its_passphrase_only()
    {
        KeyFile.Create(KeyPath, SampleKeys.Seed(9), Passphrase);
        using var expected = new Ed25519SigningKey(SampleKeys.Seed(9));
        using var loaded = KeyFile.Load(KeyPath, Passphrase);

        Assert.Equal(expected.PublicKey, loaded.PublicKey);
        Assert.StartsWith("-----BEGIN ENCRYPTED PRIVATE KEY-----", File.ReadAllText(KeyPath), StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(KeyPath));
        AssertRefused("set ledger.passphrase", () => KeyFile.Load(KeyPath));
        AssertRefused("does not open it", () => KeyFile.Load(KeyPath, Passphrase + "!"));
    }

    [Fact]
    public void A_payload_key_is_made_boxand_opens_with_its_passphrase_only()
    {
        var made = PayloadKey.LoadOrCreate(KeyPath, storeIsEmpty: true, RandomNumberGenerator.Fill, Passphrase);

        Assert.Equal(made.Id, PayloadKey.Load(KeyPath, Passphrase).Id);
        Assert.DoesNotContain(
            Convert.ToBase64String(made.Bytes), File.ReadAllText(KeyPath), StringComparison.Ordinal);
        AssertRefused("set ledger.passphrase", () => PayloadKey.Load(KeyPath, passphrase: null));
        AssertRefused("does not open it", () => PayloadKey.Load(KeyPath, "another"));
    }

    [Fact]
    public void Keys_in_the_clear_are_refused_where_a_passphrase_is_configured_until_they_are_sealed()
    {
        KeyFile.Create(KeyPath, SampleKeys.Seed(9));
        var payloadPath = _folder.PathOf("payload.key");
        var payload = PayloadKey.LoadOrCreate(payloadPath, storeIsEmpty: true, RandomNumberGenerator.Fill);
        AssertRefused("countersign ledger key --seal", () => KeyFile.Load(KeyPath, Passphrase));
        AssertRefused("countersign ledger key --seal", () => PayloadKey.Load(payloadPath, Passphrase));

        KeyFile.Seal(KeyPath, Passphrase);
        PayloadKey.Seal(payloadPath, Passphrase);

        KeyFile.Load(KeyPath, Passphrase).Dispose();
        Assert.Equal(payload.Id, PayloadKey.Load(payloadPath, Passphrase).Id);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(payloadPath));
    }

    [Fact]
    public void Whatever_byte_of_a_sealed_key_changes_nothing_but_a_format_error_comes_of_it()
    {
        var box = PassphraseBox.Seal("a secret"u8, "short");
        for (var i = 0; i < box.Length; i++)
        {
            var damaged = box.ToArray();
            damaged[i] ^= 0x20;
            var failure = Record.Exception(() => PassphraseBox.Open(damaged, "short"));
            Assert.True(failure is null or FormatException, $"Byte {i}: {failure}");
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("MAA=")]
    [InlineData("MIIBATBdBgkqhkiG9w0BBQ0wUDAvBgkqhkiG9w0BBQwwIgQQ")]
    public void What_is_no_boxkey_is_a_format_error(string base64) => Assert.Throws<FormatException>(
        () => PassphraseBox.Open(Convert.FromBase64String(base64), Passphrase));

    [Fact]
    public void A_credential_of_the_service_manager_may_be_readable_for_its_group_and_nobody_else()
    {
        var folder = Path.GetDirectoryName(KeyPath)!;
        KeyFile.Create(KeyPath, SampleKeys.Seed(9));
        File.SetUnixFileMode(KeyPath, UnixFileMode.UserRead | UnixFileMode.GroupRead);
        Assert.Throws<KeyFileException>(() => KeyFile.Load(KeyPath));
        Assert.Null(ServiceCredential.Find("ledger.key"));

        var before = Environment.GetEnvironmentVariable("CREDENTIALS_DIRECTORY");
        try
        {
            Environment.SetEnvironmentVariable("CREDENTIALS_DIRECTORY", folder);
            Assert.Equal(KeyPath, ServiceCredential.Find("ledger.key"));
            Assert.Null(ServiceCredential.Find("../ledger.key"));
            KeyFile.Load(KeyPath).Dispose();
            File.SetUnixFileMode(KeyPath, UnixFileMode.UserRead | UnixFileMode.OtherRead);
            Assert.Throws<KeyFileException>(() => KeyFile.Load(KeyPath));
        }
        finally
        {
            Environment.SetEnvironmentVariable("CREDENTIALS_DIRECTORY", before);
        }
    }

    [Fact]
    public void A_folder_that_cannot_be_flushed_is_named() => Assert.Contains(
        "nowhere",
        Assert.Throws<IOException>(() => DurableFolder.FlushOf(_folder.PathOf("nowhere/file"))).Message,
        StringComparison.Ordinal);

    private static void AssertRefused(string why, Action load)
    {
        var refusal = Record.Exception(load);
        Assert.True(refusal is KeyFileException or StoreUnavailableException, $"{refusal}");
        Assert.Contains(why, refusal.Message, StringComparison.OrdinalIgnoreCase);
    }
}
