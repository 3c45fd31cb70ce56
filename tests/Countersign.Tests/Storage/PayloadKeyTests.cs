using System.Security.Cryptography;
using Countersign.Core.Storage;
using Countersign.Server.Storage;
using Countersign.Tests.Support;

namespace Countersign.Tests.Storage;

public sealed class PayloadKeyTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string KeyFile => _folder.PathOf("payload.key");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_key_is_made_while_the_store_is_empty_and_read_afterwards()
    {
        var made = PayloadKey.LoadOrCreate(KeyFile, storeIsEmpty: true, RandomNumberGenerator.Fill);
        Assert.Equal(made.Id, PayloadKey.LoadOrCreate(KeyFile, storeIsEmpty: true, RandomNumberGenerator.Fill).Id);
        Assert.Equal(made.Id, PayloadKey.LoadOrCreate(KeyFile, storeIsEmpty: false, RandomNumberGenerator.Fill).Id);
        Assert.Equal(made.Bytes, Convert.FromBase64String(File.ReadAllText(KeyFile)));
    }

    [Fact]
    public void A_missing_key_of_a_store_in_use_is_not_made_anew()
    {
        var refusal = Assert.Throws<StoreUnavailableException>(
            () => PayloadKey.LoadOrCreate(KeyFile, storeIsEmpty: false, RandomNumberGenerator.Fill));
        Assert.Contains("only while the store is empty", refusal.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(KeyFile));
    }

    [Fact]
    public void Only_its_owner_may_read_the_file()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows has no file modes.");
            return;
        }

        PayloadKey.LoadOrCreate(KeyFile, storeIsEmpty: true, RandomNumberGenerator.Fill);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(KeyFile));

        File.SetUnixFileMode(KeyFile, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        var refusal = Assert.Throws<StoreUnavailableException>(
            () => PayloadKey.LoadOrCreate(KeyFile, storeIsEmpty: false, RandomNumberGenerator.Fill));
        Assert.Contains("chmod 600", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("not base64")]
    [InlineData("c2hvcnQ=")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public void A_file_without_a_key_is_refused(string content)
    {
        PayloadKey.LoadOrCreate(KeyFile, storeIsEmpty: true, RandomNumberGenerator.Fill);
        File.WriteAllText(KeyFile, content);
        Assert.Throws<StoreUnavailableException>(
            () => PayloadKey.LoadOrCreate(KeyFile, storeIsEmpty: true, RandomNumberGenerator.Fill));
    }

    [Fact]
    public void A_folder_that_does_not_exist_is_named()
    {
        var refusal = Assert.Throws<StoreUnavailableException>(() => PayloadKey.LoadOrCreate(
            _folder.PathOf("missing/payload.key"), storeIsEmpty: true, RandomNumberGenerator.Fill));
        Assert.Contains("missing/payload.key", refusal.Message, StringComparison.Ordinal);
    }
}
