namespace Countersign.Server.Cli.Hook.Install;

/// <summary>Whose settings a hook is written into.</summary>
internal enum HookScope
{
    /// <summary>Those of one person on this machine.</summary>
    User,

    /// <summary>Those that a repository brings along.</summary>
    Project,

    /// <summary>Those of the administrator, which people cannot switch off.</summary>
    Managed,
}

/// <summary>Where settings are looked for.</summary>
/// <param name="Variable">The environment; some agents have their home elsewhere.</param>
/// <param name="Project">The folder of the project.</param>
/// <param name="System">The root of the system's own settings.</param>
internal sealed record HookPlaces(Func<string, string?> Variable, string Project, string System)
{
    public string Home => Variable("HOME")
        ?? throw new CommandFailure(ExitCode.Usage, "HOME is not set, so there is no folder for settings of yours.");

    /// <summary>A file below the home folder, or below the folder that a variable names instead.</summary>
    public string OfUser(string variable, string folder, string file) =>
        Path.Combine(Variable(variable) is { Length: > 0 } named ? named : Path.Combine(Home, folder), file);

    public string OfProject(string path) => Path.Combine(Project, path);

    public string OfSystem(string path) => Path.Combine(System, path);
}
