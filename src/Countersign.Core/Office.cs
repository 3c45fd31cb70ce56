using System.Collections.Immutable;
using Countersign.Core.Identity;
using Countersign.Core.Identity.Passkeys;
using Countersign.Core.Reads;
using Countersign.Core.Records;
using Countersign.Core.Redaction;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;

namespace Countersign.Core;

/// <summary>What the core needs from the server to work.</summary>
public sealed record OfficeOptions(IStore Store, Func<Charter> Charter, ExecutionOptions Execution)
{
    public required NodeId Self { get; init; }

    public required FillRandom Random { get; init; }

    public required TimeProvider Time { get; init; }

    public Limits Limits { get; init; } = new();

    public ReadLimits Reads { get; init; } = new();

    public PasskeyOptions Passkeys { get; init; } = new();

    /// <summary>How the glass may be broken; <c>null</c> where it may not.</summary>
    public BreakGlassOptions? BreakGlass { get; init; }

    /// <summary>What brings <see cref="Charter"/> up to date before votes are cast and counted.</summary>
    public RereadPeople Reread { get; init; } = NobodyElseKnows;

    /// <summary>All that is known of people stands in the configuration.</summary>
    public static RereadPeople NobodyElseKnows { get; } = static (_, _) => Task.CompletedTask;

    /// <summary>The key of tokens; <c>null</c> where none are made.</summary>
    public RedactionKey? Tokens { get; init; }

    /// <summary>Channels that get an outbox message for every step of a review.</summary>
    public ImmutableArray<string> Channels { get; init; } = [];
}

/// <summary>The core's rooms, wired once: the front door, the review desk and the reaper share one register.</summary>
public sealed class Office
{
    public Office(OfficeOptions options)
    {
        var store = options.Store;
        var registrar = new Registrar(store, options.Random, options.Channels);
        var callers = new Callers();
        var register = new DefinitionRegister(store);
        var stops = new StopRegister(store, registrar);
        Tokens = new TokenDesk(options.Tokens, options.Charter);
        var find = BreakGlassDesk.FindExecutorOr(
            register.FindExecutorOr(stops.FindExecutorOr(Tokens.FindExecutorOr(options.Execution.Find))));
        var claims = new Claims(store, options.Charter, options.Self, options.Reread);
        var attempt = new Attempt(options.Execution.Limit, options.Time);
        var recordings = new Recordings(registrar, store, attempt, options.Self);
        var executions = new Executions(registrar, store, claims, attempt, recordings, options.Self, find);
        var suggestions = new Suggestions(store);
        var intake = new Intake(
            store, registrar, callers, suggestions, options.Charter, options.Limits, options.Time);
        Gatekeeper = new Gatekeeper(intake, executions, registrar, new Waiting(store, options.Time), callers);
        var handles = new PasskeyHandles(options.Passkeys);
        var passkeys = new PasskeyRegister(store, handles);
        var signatures = new Signatures(store, passkeys, options.Passkeys, options.Random);
        var codes = new EnrolmentCodes(options.Passkeys.Key, () => store.Now, options.Random);
        Passkeys = new PasskeyDesk(passkeys, handles, signatures, codes, options.Passkeys, options.Charter);
        Permits = new PermitDesk(registrar, claims, store, options.Charter);
        ReviewDesk = new ReviewDesk(
            registrar, executions, signatures, store, (options.Charter, options.Reread));
        BreakGlass = new BreakGlassDesk(
            new BreakGlassRooms(registrar, executions, signatures, store, Gatekeeper, ReviewDesk),
            options.BreakGlass,
            (options.Charter, options.Reread));
        Revisions = new RevisionDesk(registrar, store, options.Charter);
        Rehearsals = new RehearsalDesk(registrar, store, options.Charter, options.Execution.FindRehearser);
        Reveals = new RevealDesk(registrar, store, options.Charter);
        var windows = new ReadWindows(store, options.Reads, options.Self);
        Reads = new ReadDesk(store, registrar, windows, options.Reads);
        var orphans = new Orphans(registrar, store, options.Execution, options.Time);
        Reaper = new Reaper(new ReaperRooms(store, registrar, executions, orphans, Reads, stops), options.Self);
        Definitions = new DefinitionDesk(register, Gatekeeper, options.Charter);
        DryRun = new DryRun(store, suggestions, options.Charter);
        Agents = new AgentDesk(stops, Gatekeeper, ReviewDesk, options.Charter);
    }

    public Gatekeeper Gatekeeper { get; }

    public ReviewDesk ReviewDesk { get; }

    /// <summary>Where askers take permits and say what became of them.</summary>
    public PermitDesk Permits { get; }

    /// <summary>Where reviewers ask for dry runs.</summary>
    public RehearsalDesk Rehearsals { get; }

    /// <summary>Where agents ask for the values behind tokens.</summary>
    public TokenDesk Tokens { get; }

    /// <summary>Where reviewers ask to see what is hidden.</summary>
    public RevealDesk Reveals { get; }

    /// <summary>Where people change what was asked.</summary>
    public RevisionDesk Revisions { get; }

    public PasskeyDesk Passkeys { get; }

    /// <summary>Where one person lets a request through alone, in an emergency.</summary>
    public BreakGlassDesk BreakGlass { get; }

    public Reaper Reaper { get; }

    /// <summary>Where gates hand in what their sessions read.</summary>
    public ReadDesk Reads { get; }

    public DefinitionDesk Definitions { get; }

    public DryRun DryRun { get; }

    public AgentDesk Agents { get; }
}
