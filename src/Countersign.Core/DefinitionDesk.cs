using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Core.Identity;
using Countersign.Core.Policies;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;

namespace Countersign.Core;

/// <summary>
/// Watches what targets say about their operations. The first sight of a definition is accepted and recorded; a later
/// difference is used only after the target's reviewers accepted it (DESIGN section 6.5).
/// </summary>
public sealed class DefinitionDesk
{
    /// <summary>How long reviewers have for a changed definition.</summary>
    private static readonly TimeSpan ReviewTime = TimeSpan.FromHours(24);

    private static readonly RuleId Rule = new("definition-changed");

    private readonly DefinitionRegister _register;
    private readonly Gatekeeper _gatekeeper;
    private readonly Func<Charter> _charter;

    internal DefinitionDesk(DefinitionRegister register, Gatekeeper gatekeeper, Func<Charter> charter)
    {
        _register = register;
        _gatekeeper = gatekeeper;
        _charter = charter;
    }

    /// <summary>The agent id under which the gateway itself asks; the configuration may give it to nobody.</summary>
    public static AgentId ReservedAgent => DefinitionRegister.Gateway;

    /// <summary>
    /// Says where each definition stands, in their order; those never seen before are recorded in one commit.
    /// </summary>
    public async Task<ImmutableArray<DefinitionStanding>> SeeAsync(
        TargetName target, IReadOnlyList<Definition> definitions, CancellationToken cancellationToken)
    {
        var standings = ImmutableArray.CreateBuilder<DefinitionStanding>(definitions.Count);
        var fresh = ImmutableArray.CreateBuilder<DefinitionRow>();
        foreach (var seen in definitions)
        {
            var known = await _register.FindAsync(target, seen.Name, cancellationToken);
            if (known is null)
            {
                fresh.Add(new DefinitionRow(target, seen.Name, seen.Fingerprint, seen.Text.Bytes));
            }

            standings.Add(known is null || known.Fingerprint == seen.Fingerprint
                ? new DefinitionStanding.Accepted()
                : new DefinitionStanding.Changed(known.Definition, known.Fingerprint));
        }

        if (fresh.Count > 0)
        {
            await _register.AcceptAsync(fresh.ToImmutable(), cause: null, cancellationToken);
        }

        return standings.MoveToImmutable();
    }

    /// <summary>
    /// Opens the review of a change, or finds the one that is open or was decided lately; <c>null</c> when the target
    /// has no reviewers, so that nobody could accept it.
    /// </summary>
    public async Task<ActionRecord?> ProposeAsync(
        Target target, Definition proposed, DefinitionStanding.Changed change, CancellationToken cancellationToken)
    {
        if (target.Reviewers is not { } reviewers)
        {
            return null;
        }

        var asking = AskingFor(target, proposed, change);
        var admission = await AdmitAsync(asking, reviewers, cancellationToken);
        if (admission is Admission.Ended { Record: { State: ActionState.Succeeded } earlier })
        {
            // The same change was accepted before and undone since: that acceptance is spent, this is another question.
            await _gatekeeper.DeliveredAsync(earlier, cancellationToken);
            admission = await AdmitAsync(asking, reviewers, cancellationToken);
        }

        return admission switch
        {
            Admission.Held held => held.Record,
            Admission.Granted granted => granted.Record,
            Admission.UnderWay underWay => underWay.Record,
            Admission.Ended ended => ended.Record,
            _ => throw new StoreUnavailableException(
                $"The changed definition of '{proposed.Name}' could not be put to review now; try again in a minute."),
        };
    }

    private Task<Admission> AdmitAsync(Asking asking, Party reviewers, CancellationToken cancellationToken) =>
        _gatekeeper.AdmitAsync(asking, (_, _) => VerdictFor(reviewers), cancellationToken);

    private static Asking AskingFor(Target target, Definition proposed, DefinitionStanding.Changed change)
    {
        var arguments = new CanonicalObject()
            .Add("tool", proposed.Name)
            .Add("accepted", Definition.Reread(change.AcceptedText.Span))
            .Add("proposed", proposed.Text)
            .Add("fingerprint", proposed.Fingerprint)
            .ToCanonicalJson();
        var action = CanonicalAction.Of(target.Name, DefinitionRegister.Operation, arguments);
        // As if it had come over the API: no caller waits for it, the deciding node executes it.
        return new Asking(new Asker(DefinitionRegister.Gateway, OnBehalfOf: null), target, GateKind.Api, action);
    }

    private Verdict VerdictFor(Party reviewers)
    {
        const string reason = "The target describes this tool differently from what was accepted.";
        var requirement = new Requirement(
            Rule,
            reason,
            [new Stage([reviewers], Need: 1, ReviewTime, Escalate: [])],
            Assurance.Token,
            DistinctFrom: [],
            Bounds.None,
            GrantTerms.Default);
        return new Verdict(
            VerdictOutcome.Require, [new MatchedRule(Rule, reason)], [requirement], _charter().Policy);
    }
}
