namespace Countersign.Server.Cli.Hook;

/// <summary>Where a user's hook keeps what it needs, after the XDG base directory rules.</summary>
/// <param name="Configuration">Where <c>hook.json</c> is.</param>
/// <param name="State">Where it notes which permit belongs to which call.</param>
internal sealed record HookFolders(string Configuration, string State)
{
    public string Credentials => Path.Combine(Configuration, "hook.json");

    public static HookFolders Of(Func<string, string?> variable) => new(
        Folder(variable, "XDG_CONFIG_HOME", ".config"),
        Path.Combine(Folder(variable, "XDG_STATE_HOME", ".local/state"), "hooks"));

    private static string Folder(Func<string, string?> variable, string name, string below)
    {
        var given = variable(name);
        var folder = Path.IsPathRooted(given) ? given : Path.Combine(variable("HOME") ?? "/", below);
        return Path.Combine(folder, "countersign");
    }
}
