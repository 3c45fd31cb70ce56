using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Countersign.Server.Cli.Hook.Install;

/// <summary>
/// One settings file: everything that is not this hook stays as it is, and installing twice is installing once.
/// </summary>
internal sealed class HookSettings
{
    /// <summary>How long an agent waits for a hook that blocks nothing.</summary>
    public const int NoteSeconds = 30;

    private const string Hooks = "hooks";

    private static readonly JsonSerializerOptions s_indented =
        new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly string _host;

    private HookSettings(string path, string host, string before, JsonObject root)
    {
        Path = path;
        _host = host;
        Before = before;
        Root = root;
    }

    public string Path { get; }

    /// <summary>The file as it was; empty when there was none.</summary>
    public string Before { get; }

    public JsonObject Root { get; }

    public string After => Root.ToJsonString(s_indented) + "\n";

    public bool IsChanged => Before != After && !(Before.Length > 0 && JsonNode.DeepEquals(Parse(Path, Before), Root));

    /// <summary>Every command of this hook, with its event.</summary>
    public IEnumerable<(string Event, string Command)> Installed =>
        from member in Root[Hooks] as JsonObject ?? []
        from command in Commands(member.Value)
        where HookCommandLine.IsOurs(command, _host)
        select (member.Key, command);

    public static HookSettings Read(string path, string host)
    {
        var text = File.Exists(path) ? File.ReadAllText(path) : "";
        return new HookSettings(path, host, text, text.Trim().Length == 0 ? [] : Parse(path, text));
    }

    /// <summary>Puts the one entry for an event in the place of whatever was installed before.</summary>
    public void Put(string eventName, JsonObject entry)
    {
        if (Root[Hooks] is null)
        {
            Root[Hooks] = new JsonObject();
        }

        var hooks = Root[Hooks] as JsonObject ?? throw Strange($"'{Hooks}' is no object");
        if (hooks[eventName] is null)
        {
            hooks[eventName] = new JsonArray();
        }

        var entries = hooks[eventName] as JsonArray ?? throw Strange($"'{Hooks}.{eventName}' is no array");
        var place = entries.Index()
            .Where(each => Commands(each.Item).Any(command => HookCommandLine.IsOurs(command, _host)))
            .Select(each => (int?)each.Index).FirstOrDefault() ?? entries.Count;
        foreach (var old in entries.Where(IsOursAlone).ToList())
        {
            entries.Remove(old);
        }

        entries.Insert(Math.Min(place, entries.Count), entry);
    }

    /// <summary>Writes it beside the old one and then swaps, so that an agent never reads half of it.</summary>
    public void Save()
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path)!);
        var next = Path + ".countersign";
        File.WriteAllText(next, After, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        if (!OperatingSystem.IsWindows() && File.Exists(Path))
        {
            File.SetUnixFileMode(next, File.GetUnixFileMode(Path));
        }

        File.Move(next, Path, overwrite: true);
    }

    private static JsonObject Parse(string path, string text)
    {
        try
        {
            return JsonNode.Parse(text, documentOptions: new JsonDocumentOptions { AllowDuplicateProperties = false })
                as JsonObject ?? throw new CommandFailure(ExitCode.Failed, $"{path} is no JSON object.");
        }
        catch (JsonException wrong)
        {
            throw new CommandFailure(
                ExitCode.Failed,
                $"{path} is no plain JSON, and rewriting it would lose what is in it: {wrong.Message} Take comments "
                + "out, or add the hook by hand (docs/how-to/gate-coding-agents.md).");
        }
    }

    /// <summary>An entry that also runs something else is somebody's own, and stays.</summary>
    private bool IsOursAlone(JsonNode? entry)
    {
        var commands = Commands(entry).ToList();
        if (commands.Count > 1 && commands.Any(command => HookCommandLine.IsOurs(command, _host)))
        {
            throw Strange("an entry runs this hook together with another one; part them first");
        }

        return commands is [var only] && HookCommandLine.IsOurs(only, _host);
    }

    private static IEnumerable<string> Commands(JsonNode? node) => node switch
    {
        JsonObject members => members
            .Where(member => member.Key is "command" or "bash" && member.Value?.GetValueKind() == JsonValueKind.String)
            .Select(member => member.Value!.GetValue<string>())
            .Concat(members.Where(member => member.Key == Hooks).SelectMany(member => Commands(member.Value))),
        JsonArray items => items.SelectMany(Commands),
        _ => [],
    };

    private CommandFailure Strange(string what) =>
        new(ExitCode.Failed, $"{Path}: {what}, which this cannot edit without losing something.");
}
