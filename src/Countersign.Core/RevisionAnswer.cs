using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Policies;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Core.Schemas;

namespace Countersign.Core;

/// <summary>What became of a change.</summary>
public abstract record RevisionAnswer
{
    private RevisionAnswer()
    {
    }

    /// <summary>It is durable and in the ledger; people are asked about it.</summary>
    public sealed record Recorded(ActionRecord Record) : RevisionAnswer;

    /// <summary>Nothing is recorded; it can be.</summary>
    /// <param name="Revised">The action as it would be then.</param>
    /// <param name="WouldPass">
    /// Whether the policy would let it pass, so that only those who were asked still are.
    /// </param>
    public sealed record Foreseen(ActionRecord Revised, bool WouldPass) : RevisionAnswer;

    public sealed record Refused(StepRefusal Why, ActionRecord Record) : RevisionAnswer;

    /// <summary>The policy denies what it would be changed into.</summary>
    public sealed record RefusedByPolicy(Verdict Verdict, ActionRecord Record) : RevisionAnswer;

    /// <summary>
    /// The tool or target takes no such arguments; the text names each place and what is wrong there.
    /// </summary>
    public sealed record Unfit(string Why, ActionRecord Record) : RevisionAnswer
    {
        /// <summary>A place or a reason longer than this is shortened.</summary>
        private const int MostOfOne = 300;

        internal static Unfit Of(ImmutableArray<SchemaFault> faults, ActionRecord record) => new(
            (record.Gate == GateKind.Http
                ? "The target's OpenAPI document describes this operation otherwise: "
                : "The tool describes its arguments otherwise: ")
            + string.Join("; ", faults.Select(TextOf)) + ".",
            record);

        /// <summary>Names come from the agent, the person and the tool's server.</summary>
        private static string TextOf(SchemaFault fault)
        {
            var place = fault.Path.Length == 0 ? "the arguments" : $"'{Shown(fault.Path)}'";
            return $"{place} {Shown(fault.Why)}";
        }

        private static string Shown(string text) => Shortening.Of(DisplayText.OneLine(text).Text, MostOfOne);
    }

    /// <summary>Nobody would be left who may approve it then; the text says why.</summary>
    public sealed record NobodyLeft(string Why, ActionRecord Record) : RevisionAnswer;

    /// <summary>The arguments are those that it has already.</summary>
    public sealed record Unchanged(ActionRecord Record) : RevisionAnswer;

    /// <summary>It is not one that can be changed, and why.</summary>
    public sealed record Fixed(string Why, ActionRecord Record) : RevisionAnswer;

    public sealed record Missing : RevisionAnswer;
}
