using System.Text;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Core.Identity;
using Countersign.Core.Policies;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;
using Countersign.Gates.Credentials;
using Countersign.Tests.Support;
using Microsoft.Extensions.Logging;

namespace Countersign.Tests.Credentials;

/// <summary>A helper that is a real shell script, in a folder of its own, and everything its gate logs.</summary>
internal sealed class MintBench : IDisposable, ILogger
{
    private readonly TemporaryFolder _folder = new();
    private readonly StringBuilder _log = new();

    public ManualTime Time { get; } = new();

    public MintLimits Limits { get; set; } = new();

    public string Logged => _log.ToString();

    public string this[string file] => File.ReadAllText(PathOf(file));

    public bool Has(string file) => File.Exists(PathOf(file));

    public string PathOf(string file) => _folder.PathOf(file);

    /// <summary>Runs the script as the helper; <c>$D</c> in it is the folder.</summary>
    public Task<Minting> MintAsync(string script, CancellationToken cancellationToken) =>
        MintFor(WriteScript(script)).MintAsync(Action(), cancellationToken);

    public CredentialMint MintFor(params string[] command) => new(
        new MintOptions([.. command]) { Limits = Limits }, Time, this);

    public string WriteScript(string text, string name = "helper.sh")
    {
        var path = PathOf(name);
        File.WriteAllText(path, $"#!/bin/sh\nD='{_folder.PathOf(".")}'\n{text}\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        return path;
    }

    public static ActionRecord Action()
    {
        var action = CanonicalAction.Of(
            new TargetName("ops"), "export", new CanonicalObject().Add("country", "de").ToCanonicalJson());
        var asker = new Asker(new AgentId("bot"), OnBehalfOf: null);
        var at = new DateTimeOffset(2026, 11, 21, 10, 0, 0, TimeSpan.Zero);
        return new ActionRecord
        {
            Id = ActionId.Create(at, new byte[10]),
            Version = 1,
            Asker = asker,
            Gate = GateKind.Mcp,
            Via = GateKind.Api,
            Environment = "production",
            Action = action,
            Facts = Facts.None,
            Claimed = Claimed.Nothing,
            Verdict = new Verdict(VerdictOutcome.Allow, [], [], PolicyHash.Of("p"u8)),
            Key = AttachKey.Of(asker, action, null),
            Detached = true,
            CreatedAt = at,
            Life = new Life
            {
                State = ActionState.Executing,
                Revision = 1,
                Digest = action.Digest,
                Execution = new Execution(new NodeId("node"), Fence: 7, at),
            },
            Ledger = new LedgerPosition(0, 1, at),
        };
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter) => _log.AppendLine($"{formatter(state, exception)} {exception}");

    public void Dispose() => _folder.Dispose();
}
