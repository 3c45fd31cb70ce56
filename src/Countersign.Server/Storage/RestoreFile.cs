using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Countersign.Core.Storage;
using Countersign.Server.Keys;
using Countersign.Server.Storage.Sqlite;

namespace Countersign.Server.Storage;

/// <summary>What one person said of a restored store, until a second one says the same.</summary>
/// <param name="Person">Who.</param>
/// <param name="Comment">Why, in their words.</param>
/// <param name="At">When, by the system's clock.</param>
/// <param name="Size">Entries of the store as it was then.</param>
/// <param name="Root">Its root, in base64.</param>
/// <param name="Seen">The checkpoint in the head file; <c>null</c> when it was missing.</param>
/// <param name="IsAccepted">Whether a second person agreed, and the work began.</param>
internal sealed record RestoreStatement(
    string Person, string Comment, DateTimeOffset At, long Size, string Root, string? Seen, bool IsAccepted);

/// <summary>
/// The file beside the head file in which the first of two persons waits for the second. It is sealed under the payload
/// key, so that it cannot be written without it.
/// </summary>
internal sealed class RestoreFile(string path, PayloadVault vault)
{
    private const string Context = "countersign-accept-restore-v1";

    public static string PathOf(string headFile) => headFile + ".restore";

    public static RestoreFile Of(SqliteStoreOptions options) => new(PathOf(options.HeadFile), options.Vault);

    /// <summary>The statement; <c>null</c> without one, and when it was made under another key.</summary>
    public RestoreStatement? Read()
    {
        try
        {
            var box = Convert.FromBase64String(File.ReadAllText(path).Trim());
            return JsonSerializer.Deserialize<RestoreStatement>(vault.OpenValue(box, Context));
        }
        catch (Exception e) when (e is FileNotFoundException or FormatException or StoreUnavailableException
            or JsonException or CryptographicException or ArgumentException)
        {
            return null;
        }
    }

    public void Write(RestoreStatement statement)
    {
        var box = vault.SealValue(JsonSerializer.SerializeToUtf8Bytes(statement), Context);
        OwnerOnlyFile.ReplaceKey(path, Encoding.ASCII.GetBytes(Convert.ToBase64String(box) + "\n"));
    }

    public void Delete()
    {
        File.Delete(path);
        DurableFolder.FlushOf(path);
    }
}
