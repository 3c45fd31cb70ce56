using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Countersign.Server.Cli.Hook;

/// <summary>A permit that is about to be claimed, or was.</summary>
internal sealed record PermitNote(string Action, string Digest)
{
    /// <summary>Which claim it was, as soon as that is known; a permit may be claimed several times.</summary>
    public long? Claim { get; init; }
}

/// <summary>
/// Which permit belongs to which call, for the post hook, which is another process: one file a call, readable by its
/// user only, deleted when the outcome is reported. A note holds no input and no token.
/// </summary>
internal sealed class PermitNotes(string folder, TimeProvider time)
{
    private const UnixFileMode FolderOfUser =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private const int MaxBytes = 4096;

    /// <summary>A call whose post hook did not come by then never gets one.</summary>
    private static readonly TimeSpan s_longest = TimeSpan.FromDays(7);

    /// <summary>Written before the claim: a permit that was taken and cannot be reported helps nobody.</summary>
    public void Write(string host, ToolUse use, ReadOnlyMemory<byte> input, PermitNote permit)
    {
        var note = PermitApi.Body(json =>
        {
            json.WriteString("action", permit.Action);
            json.WriteString("digest", permit.Digest);
            if (permit.Claim is { } claim)
            {
                json.WriteNumber("claim", claim);
            }
        });
        try
        {
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(folder);
            }
            else
            {
                Directory.CreateDirectory(folder, FolderOfUser);
            }

            var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            using var file = new FileStream(PathOf(host, use, input), options);
            file.Write(note.Span);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new HookFailure($"The hook cannot keep its note in {folder}: {failure.Message}");
        }
    }

    /// <summary>The note of a call, which is gone afterwards; <c>null</c> when there is none.</summary>
    public PermitNote? Take(string host, ToolUse use)
    {
        var path = PathOf(host, use, Encoding.UTF8.GetBytes(use.Input.GetRawText()));
        if (!File.Exists(path) || new FileInfo(path).Length > MaxBytes)
        {
            return null;
        }

        var note = HookInput.Parse(File.ReadAllText(path));
        File.Delete(path);
        return new PermitNote(note.GetProperty("action").GetString()!, note.GetProperty("digest").GetString()!)
        {
            Claim = note.TryGetProperty("claim", out var claim) ? claim.GetInt64() : null,
        };
    }

    /// <summary>Deletes the note of a permit that was not taken after all.</summary>
    public void Drop(string host, ToolUse use, ReadOnlyMemory<byte> input) => File.Delete(PathOf(host, use, input));

    /// <summary>Deletes what no post hook came for.</summary>
    public void Sweep()
    {
        if (!Directory.Exists(folder))
        {
            return;
        }

        var oldest = time.GetUtcNow().UtcDateTime - s_longest;
        foreach (var path in Directory.EnumerateFiles(folder, "*.json")
            .Where(path => File.GetLastWriteTimeUtc(path) < oldest))
        {
            File.Delete(path);
        }
    }

    /// <summary>
    /// By the agent's id of the call. Without one, by the tool and the input that runs: what the post hook is told.
    /// </summary>
    private string PathOf(string host, ToolUse use, ReadOnlyMemory<byte> input)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var part in (string[])[host, use.Session ?? "", use.Id ?? use.Tool])
        {
            hash.AppendData(Encoding.UTF8.GetBytes(part));
            hash.AppendData([0]);
        }

        if (use.Id is null)
        {
            hash.AppendData(Canonical(input));
        }

        return Path.Combine(folder, Convert.ToHexStringLower(hash.GetHashAndReset()[..16]) + ".json");
    }

    /// <summary>Spelling may differ between the two hooks; what was refused as no such JSON never gets here.</summary>
    private static ReadOnlySpan<byte> Canonical(ReadOnlyMemory<byte> input) =>
        Core.Actions.Json.CanonicalJson.TryCanonicalize(
            input.Span, Core.Actions.Json.JsonLimits.Default, out var canonical, out _)
            ? canonical.Bytes.Span
            : input.Span;
}
