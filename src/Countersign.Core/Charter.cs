using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Policies;
using Countersign.Core.Policies.Allowing;

namespace Countersign.Core;

/// <summary>
/// What is in force right now: people, targets and policy, as one immutable value. A change of any of them is another
/// charter, so no decision ever sees half of a change.
/// </summary>
public sealed record Charter
{
    public required People People { get; init; }

    public required ImmutableDictionary<TargetName, Target> Targets { get; init; }

    public required PolicyHash Policy { get; init; }

    public required Judge Judge { get; init; }

    /// <summary>Whether what the policy says about a request may depend on its preview.</summary>
    public Func<Asking, bool> NeedsPreview { get; init; } = static _ => false;

    /// <summary>
    /// Whether the policy's verdict at a gate holds for all requests of one shape (<see cref="JudgeShape"/>).
    /// </summary>
    public Func<GateKind, bool> JudgesShapes { get; init; } = static _ => false;

    /// <summary>What the policy would allow instead of a request that it denies.</summary>
    public Func<Asking, AllowedForm> FindAllowed { get; init; } = static _ => new AllowedForm();

    /// <summary>
    /// Persons who took part in the latest policy change, for rules that exclude <c>policy-author</c>.
    /// </summary>
    public ImmutableHashSet<PersonId> PolicyAuthors { get; init; } = [];

    /// <summary>Whom the policy asks, in any rule and at any stage.</summary>
    public ImmutableArray<Party> Reviewers { get; init; } = [];

    /// <summary>Every person who may review something: whom rules and targets name, and the admins.</summary>
    public ImmutableHashSet<PersonId> PersonsWhoMayReview() =>
    [
        .. People.Persons.Where(person => person.IsAdmin).Select(person => person.Id),
        .. People.MembersOf(Reviewers),
        .. People.MembersOf(Targets.Values.Select(target => target.Reviewers).OfType<Party>()),
    ];

    /// <summary>
    /// The verdict on every request with this asker, target, way, operation and facts, whatever its arguments are; it
    /// holds as long as this charter is in force. <c>null</c> when each request has to be judged by itself.
    /// </summary>
    public Verdict? JudgeShape(Asking asking) =>
        JudgesShapes(asking.Target.Gate) ? Judge(asking, preview: null) : null;

    /// <summary>The target if it exists and the agent may use it; an agent learns nothing about others.</summary>
    public Target? FindTarget(TargetName name, AgentId agent) =>
        Targets.TryGetValue(name, out var target) && target.Admits(agent) ? target : null;
}

/// <summary>
/// Asks the policy about one request. It never throws: what cannot be evaluated makes the verdict stricter.
/// </summary>
public delegate Verdict Judge(Asking asking, Preview? preview);

/// <summary>
/// Asks whoever knows in which groups these persons are, so that the charter read afterwards says what holds now. It
/// never throws because of them: of whom nothing can be learnt, nothing counts.
/// </summary>
public delegate Task RereadPeople(IReadOnlySet<PersonId> persons, CancellationToken cancellationToken);

/// <summary>Fills a buffer with unpredictable bytes.</summary>
public delegate void FillRandom(Span<byte> buffer);
