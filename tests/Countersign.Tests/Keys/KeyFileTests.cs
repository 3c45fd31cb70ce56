using Countersign.Server.Keys;

namespace Countersign.Tests.Keys;

public sealed class KeyFileTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("countersign-keys-");

    private string KeyPath => Path.Combine(_directory.FullName, "ledger.key");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void A_key_survives_its_file()
    {
        KeyFile.Create(KeyPath, SampleKeys.Seed(3));

        using var loaded = KeyFile.Load(KeyPath);
        using var original = new Ed25519SigningKey(SampleKeys.Seed(3));
        Assert.Equal(original.PublicKey.ToArray(), loaded.PublicKey.ToArray());
    }

    [Fact]
    public void An_existing_file_is_never_replaced()
    {
        KeyFile.Create(KeyPath, SampleKeys.Seed(3));
        var before = File.ReadAllText(KeyPath);

        Assert.Throws<IOException>(() => KeyFile.Create(KeyPath, SampleKeys.Seed(4)));
        Assert.Equal(before, File.ReadAllText(KeyPath));
    }

    [Theory]
    [InlineData(UnixFileMode.GroupRead)]
    [InlineData(UnixFileMode.GroupWrite)]
    [InlineData(UnixFileMode.OtherRead)]
    [InlineData(UnixFileMode.OtherWrite)]
    public void A_file_that_others_may_touch_is_refused_with_the_remedy(UnixFileMode right)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no file modes.");
        KeyFile.Create(KeyPath, SampleKeys.Seed(3));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(KeyPath));
            File.SetUnixFileMode(KeyPath, UnixFileMode.UserRead | right);
        }

        var refusal = Assert.Throws<KeyFileException>(() => KeyFile.Load(KeyPath));
        Assert.Contains($"chmod 600 {KeyPath}", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")]
    [InlineData(
        "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
        + "-----END PUBLIC KEY-----\n")]
    public void What_is_no_such_key_is_refused_with_the_remedy(string content)
    {
        KeyFile.Create(KeyPath, SampleKeys.Seed(3));
        File.WriteAllText(KeyPath, content);

        var refusal = Assert.Throws<KeyFileException>(() => KeyFile.Load(KeyPath));
        Assert.Contains(KeyPath, refusal.Message, StringComparison.Ordinal);
        Assert.Contains("openssl genpkey -algorithm ed25519", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_far_too_long_is_refused_unread()
    {
        KeyFile.Create(KeyPath, SampleKeys.Seed(3));
        File.WriteAllText(KeyPath, new string(' ', 20_000));

        Assert.Throws<KeyFileException>(() => KeyFile.Load(KeyPath));
    }
}
