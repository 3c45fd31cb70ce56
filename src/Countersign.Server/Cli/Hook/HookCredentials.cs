using System.Text.Json;

namespace Countersign.Server.Cli.Hook;

/// <summary>Where the server is and who asks.</summary>
/// <param name="Url">The server.</param>
/// <param name="Token">The agent's token.</param>
/// <param name="Target">The target that the file names.</param>
internal sealed record HookCredentials(Uri Url, string Token, string? Target)
{
    private const string UrlVariable = "COUNTERSIGN_URL";
    private const string TokenVariable = "COUNTERSIGN_TOKEN";
    private const int MaxBytes = 64 * 1024;

    private const UnixFileMode OfOthers =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    /// <summary>
    /// The file that the command line names and nothing else; without one the environment, and what it lacks from the
    /// user's file. An environment can be changed by what a repository brings along, a named file cannot.
    /// </summary>
    public static HookCredentials Load(string? named, Func<string, string?> variable, HookFolders folders)
    {
        if (named is not null)
        {
            return Of(ReadFile(named), variable: _ => null, named);
        }

        var file = folders.Credentials;
        var isSaid = variable(UrlVariable) is { Length: > 0 } && variable(TokenVariable) is { Length: > 0 };
        return Of(isSaid || !File.Exists(file) ? default : ReadFile(file), variable, file);
    }

    private static HookCredentials Of(JsonElement file, Func<string, string?> variable, string path)
    {
        var url = variable(UrlVariable) is { Length: > 0 } said ? said : Member(file, "url");
        var token = variable(TokenVariable)?.Trim() is { Length: > 0 } given ? given : Member(file, "token")?.Trim();
        if (url is null || token is null)
        {
            throw new HookFailure(
                $"The hook does not know the {(url is null ? "server" : "token")}: set {UrlVariable} and "
                + $"{TokenVariable}, or write {{\"url\": …, \"token\": …}} into {path}, readable by you only.");
        }

        if (!Uri.TryCreate(url, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
        {
            throw new HookFailure($"'{url}' is no address of a server; see {UrlVariable} or {path}.");
        }

        return token.Any(letter => letter is <= ' ' or > '~')
            ? throw new HookFailure("The token has spaces, lines or other characters that no token has.")
            : new HookCredentials(address, token, Member(file, "target"));
    }

    private static JsonElement ReadFile(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(file.SafeFileHandle) & OfOthers) != 0)
            {
                throw new HookFailure($"Others can read or write {path}, which holds a token: run 'chmod 600 {path}'.");
            }

            return file.Length <= MaxBytes
                ? HookInput.Parse(new StreamReader(file).ReadToEnd())
                : throw new HookFailure($"{path} is larger than {MaxBytes} bytes; it holds url, token and target.");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new HookFailure($"The hook cannot read {path}: {failure.Message}");
        }
    }

    private static string? Member(JsonElement file, string name) =>
        file.ValueKind == JsonValueKind.Object
        && file.TryGetProperty(name, out var value)
        && value.ValueKind == JsonValueKind.String
        && value.GetString() is { Length: > 0 } text
            ? text
            : null;
}
