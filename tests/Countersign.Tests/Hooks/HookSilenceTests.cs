using System.Text.Json;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Core.Identity;
using Countersign.Gates.Hooks;
using Countersign.Tests.Support;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Countersign.Tests.Hooks;

/// <summary>A session that begins and asks for nothing is told of, once, and no other is (THR-081).</summary>
public sealed class HookSilenceTests
{
    private readonly ManualTime _time = new();
    private readonly HookSessions _sessions;
    private readonly HookGate _gate;
    private readonly Heard _heard = new();
    private readonly HookSilence _silence;

    public HookSilenceTests()
    {
        _sessions = new HookSessions(_time);
        _gate = new HookGate(_sessions, NullLogger<HookGate>.Instance);
        _silence = new HookSilence(_sessions, new NothingKept(), _time, _heard);
    }

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Only_a_session_that_asked_for_no_tool_is_told_of_and_once()
    {
        await AskAsync("SessionStart", "silent");
        await AskAsync("SessionStart", "busy");
        await AskAsync("Bash", "busy");
        await AskAsync("Bash", "without-beginning");
        await AskAsync("SessionStart", session: null);
        _time.Advance(HookSessions.Patience - TimeSpan.FromSeconds(1));
        await AskAsync("SessionStart", "young");
        await _silence.LookAsync(Cancelled);
        Assert.Empty(_heard.Lines);

        _time.Advance(TimeSpan.FromSeconds(1));
        await _silence.LookAsync(Cancelled);
        await _silence.LookAsync(Cancelled);

        Assert.Contains("session silent of coding agent bot", Assert.Single(_heard.Lines), StringComparison.Ordinal);
        Assert.Equal(1, _silence.Silent);
    }

    [Fact]
    public async Task The_same_name_of_another_agent_is_another_session()
    {
        await AskAsync("SessionStart", "s");
        await AskAsync("Bash", "s", agent: "other");
        _time.Advance(HookSessions.Patience);

        await _silence.LookAsync(Cancelled);

        Assert.Single(_heard.Lines);
    }

    [Fact]
    public async Task A_doctors_probe_is_no_call_of_a_session()
    {
        await AskAsync("SessionStart", "probe");
        await AskAsync(HookActionReader.Probe, "probe");
        _time.Advance(HookSessions.Patience);

        await _silence.LookAsync(Cancelled);

        Assert.Single(_heard.Lines);
    }

    [Fact]
    public void So_many_sessions_are_remembered_and_no_more()
    {
        for (var i = 0; i < HookSessions.MaxSessions + 5; i++)
        {
            _sessions.Begin(new HookSession(new AgentId("bot"), new TargetName("laptop"), $"{i}"));
        }

        _time.Advance(HookSessions.Patience);

        var found = new List<string>();
        while (_sessions.TryFindSilent(out var session, out _))
        {
            found.Add(session.Id);
            _sessions.Hear(session);
        }

        Assert.Equal(HookSessions.MaxSessions, found.Count);
        Assert.Equal("5", found[0]);
    }

    [Fact]
    public async Task A_session_that_goes_on_later_begins_anew_and_keeps_nobody_waiting()
    {
        await AskAsync("SessionStart", "resumed");
        await AskAsync("Bash", "resumed");
        await AskAsync("SessionStart", "silent");
        _time.Advance(TimeSpan.FromMinutes(1));
        await AskAsync("SessionStart", "resumed");
        _time.Advance(HookSessions.Patience - TimeSpan.FromMinutes(1));
        await _silence.LookAsync(Cancelled);
        Assert.Contains("session silent", Assert.Single(_heard.Lines), StringComparison.Ordinal);

        _time.Advance(TimeSpan.FromMinutes(1));
        await _silence.LookAsync(Cancelled);

        Assert.Contains("session resumed", _heard.Lines[^1], StringComparison.Ordinal);
        Assert.Equal(2, _silence.Silent);
    }

    /// <summary>Another node may have heard it, and nobody can say so now.</summary>
    [Fact]
    public async Task While_the_store_is_away_nobody_is_told_of_and_nobody_is_forgotten()
    {
        var store = new Console.ConsoleStore(_time) { IsDown = true };
        using var silence = new HookSilence(_sessions, store, _time, _heard);
        await AskAsync("SessionStart", "silent");
        _time.Advance(HookSessions.Patience);
        await Assert.ThrowsAnyAsync<Exception>(() => silence.LookAsync(Cancelled));
        Assert.Empty(_heard.Lines);

        store.IsDown = false;
        await silence.LookAsync(Cancelled);

        Assert.Single(_heard.Lines);
    }

    private async Task AskAsync(string tool, string? session, string agent = "bot")
    {
        var target = new Target(new TargetName("laptop"), GateKind.Hook, "development");
        Assert.True(CanonicalJson.TryCanonicalize(
            JsonSerializer.SerializeToUtf8Bytes(new { host = "codex", cwd = "/", input = new { } }),
            JsonLimits.Default,
            out var arguments,
            out _));
        await _gate.CompleteAsync(
            new Asking(
                new Asker(new AgentId(agent), OnBehalfOf: null),
                target,
                GateKind.Api,
                CanonicalAction.Of(target.Name, tool, arguments))
            {
                Claimed = Claimed.Of(reason: null, session),
            },
            Cancelled);
    }

    private sealed class NothingKept : EmptyArchive;

    private sealed class Heard : ILogger<HookSilence>
    {
        public List<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId id, TState state, Exception? failure, Func<TState, Exception?, string> format) =>
            Lines.Add(format(state, failure));
    }
}
