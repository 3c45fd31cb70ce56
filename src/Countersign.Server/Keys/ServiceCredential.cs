namespace Countersign.Server.Keys;

/// <summary>
/// Files that the service manager hands to this one service (systemd's <c>LoadCredential=</c> and
/// <c>LoadCredentialEncrypted=</c>): <c>credential:NAME</c> in the configuration.
/// </summary>
internal static class ServiceCredential
{
    public const string Prefix = "credential:";
    private const string FolderVariable = "CREDENTIALS_DIRECTORY";

    private static string? Folder => Environment.GetEnvironmentVariable(FolderVariable) is { Length: > 0 } folder
        ? Path.GetFullPath(folder)
        : null;

    /// <summary>
    /// Where a credential is; <c>null</c> when the service manager gives none, or the name is none.
    /// </summary>
    public static string? Find(string name) =>
        Folder is { } folder && name.Length > 0 && name == Path.GetFileName(name) && name is not ("." or "..")
            ? Path.Combine(folder, name)
            : null;

    public static bool Contains(string path) =>
        Folder is { } folder && Path.GetDirectoryName(Path.GetFullPath(path)) == folder;
}
