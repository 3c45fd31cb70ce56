using System.ComponentModel;
using System.Diagnostics;
using Countersign.Core.Ledger.Ed25519;
using Countersign.Server.Keys;

namespace Countersign.Tests.Keys;

public sealed class OpenSslInteropTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("countersign-openssl-");

    private string KeyPath => PathOf("ledger.key");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public async Task OpenSsl_opens_a_sealed_key_of_ours_and_we_open_one_of_its_own()
    {
        KeyFile.Create(KeyPath, SampleKeys.Seed(9), "a passphrase");
        using var key = KeyFile.Load(KeyPath, "a passphrase");
        var clear = PathOf("clear.key");
        var again = PathOf("again.key");

        await OpenSsl("pkcs8", "-in", KeyPath, "-passin", "pass:a passphrase", "-out", clear);
        await OpenSsl(
            "pkcs8", "-topk8", "-v2", "aes-256-cbc", "-in", clear, "-passout", "pass:another", "-out", again);
        File.SetUnixFileMode(again, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        using var theirs = KeyFile.Load(again, "another");

        Assert.Equal(key.PublicKey, theirs.PublicKey);
    }

    [Fact]
    public async Task OpenSsl_reads_our_key_file()
    {
        KeyFile.Create(KeyPath, SampleKeys.Seed(9));

        await OpenSsl("pkey", "-in", KeyPath, "-pubout", "-outform", "DER", "-out", PathOf("public.der"));

        using var key = KeyFile.Load(KeyPath);
        var der = await File.ReadAllBytesAsync(PathOf("public.der"), TestContext.Current.CancellationToken);
        Assert.Equal(key.PublicKey.ToArray(), der[^32..]);
    }

    [Fact]
    public async Task We_read_a_key_file_of_openssl()
    {
        await OpenSsl("genpkey", "-algorithm", "ed25519", "-out", KeyPath);
        await OpenSsl("pkey", "-in", KeyPath, "-pubout", "-outform", "DER", "-out", PathOf("public.der"));

        using var key = KeyFile.Load(KeyPath);
        var der = await File.ReadAllBytesAsync(PathOf("public.der"), TestContext.Current.CancellationToken);
        Assert.Equal(der[^32..], key.PublicKey.ToArray());
    }

    [Fact]
    public async Task OpenSsl_and_we_accept_the_signatures_of_each_other()
    {
        KeyFile.Create(KeyPath, SampleKeys.Seed(9));
        using var key = KeyFile.Load(KeyPath);
        var message = "a checkpoint\n"u8.ToArray();
        string[] input = ["-inkey", KeyPath, "-rawin", "-in", PathOf("message")];
        await File.WriteAllBytesAsync(PathOf("message"), message, TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(PathOf("ours.sig"), key.Sign(message), TestContext.Current.CancellationToken);

        await OpenSsl(["pkeyutl", "-verify", .. input, "-sigfile", PathOf("ours.sig")]);
        await OpenSsl(["pkeyutl", "-sign", .. input, "-out", PathOf("theirs.sig")]);

        var theirs = await File.ReadAllBytesAsync(PathOf("theirs.sig"), TestContext.Current.CancellationToken);
        Assert.True(new Ed25519PublicKey(key.PublicKey.Span).Verify(message, theirs));
    }

    private static async Task OpenSsl(params string[] arguments)
    {
        using var process = Start(arguments);
        var error = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, $"openssl {string.Join(' ', arguments)}: {error}");
    }

    private static Process Start(string[] arguments)
    {
        var start = new ProcessStartInfo("openssl", arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception)
        {
            Assert.Skip("The openssl command is not installed.");
            throw;
        }
    }

    private string PathOf(string name) => Path.Combine(_directory.FullName, name);
}
