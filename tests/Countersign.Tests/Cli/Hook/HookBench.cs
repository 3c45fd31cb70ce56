using System.Text;
using Countersign.Server.Cli.Hook;
using Countersign.Tests.Support;

namespace Countersign.Tests.Cli.Hook;

/// <summary>One user's machine with a hook, in front of a played server.</summary>
internal sealed class HookBench : IDisposable
{
    public const string Url = "http://server.example:7070";

    private readonly TemporaryFolder _folder = new();

    public HookBench() => Variables = new Dictionary<string, string>
    {
        ["HOME"] = _folder.PathOf("home"), ["COUNTERSIGN_URL"] = Url, ["COUNTERSIGN_TOKEN"] = "token-of-the-agent",
    };

    public PlayedPermits Server { get; init; } = new();

    public TimeProvider Time { get; init; } = TimeProvider.System;

    public Dictionary<string, string> Variables { get; }

    public HookFolders Folders => HookFolders.Of(Variables.GetValueOrDefault);

    public IEnumerable<string> Notes =>
        Directory.Exists(Folders.State) ? Directory.EnumerateFiles(Folders.State) : [];

    public string PathOf(string name) => _folder.PathOf(name);

    public Task<HookOutput> RunAsync(string host, string told, CancellationToken stopped) =>
        RunAsync(OptionsOf(host), new MemoryStream(Encoding.UTF8.GetBytes(told)), stopped);

    public async Task<HookOutput> RunAsync(HookOptions options, Stream told, CancellationToken stopped)
    {
        using var http = new HttpMessageInvoker(Server, disposeHandler: false);
        var world = new HookWorld(told, http, Time) { Variable = Variables.GetValueOrDefault };
        return await new HookRun(options, world).RunAsync(stopped);
    }

    public static HookOptions OptionsOf(string host) =>
        new(HookHost.Find(host)!)
        {
            Target = "laptop",
            Timeout = TimeSpan.FromSeconds(600),
            EventName = host == "copilot" ? "preToolUse" : null,
        };

    public void WriteCredentials(string text, UnixFileMode mode)
    {
        Directory.CreateDirectory(Folders.Configuration);
        File.WriteAllText(Folders.Credentials, text);
        File.SetUnixFileMode(Folders.Credentials, mode);
    }

    public void Dispose()
    {
        Server.Dispose();
        _folder.Dispose();
    }
}
