using System.Collections.Immutable;
using Countersign.Core.Identity;
using Countersign.Core.Records;
using Countersign.Core.Reviews;

namespace Countersign.Server.Console.Views;

/// <summary>Says when people approve each other's requests: what separation of duties by person alone misses.</summary>
internal static class FavourLines
{
    /// <summary>Beyond this, a card says how many more there are.</summary>
    private const int MaxLines = 3;

    /// <param name="record">The action.</param>
    /// <param name="owed">Whose approval of it would return an earlier one.</param>
    /// <param name="people">Everybody's names.</param>
    public static ImmutableArray<string> Of(ActionRecord record, ImmutableArray<Favour> owed, People people)
    {
        var returned = record.Life.Votes.Select(vote => vote.Returns).OfType<Favour>().ToList();
        var given = returned.Select(favour =>
            $"{Words.Of(favour.Of, people)} approved this after {Said(favour, people)}.");
        var open = owed.Where(favour => returned.All(each => each.Of != favour.Of)).Select(favour =>
            $"An approval by {Words.Of(favour.Of, people)} would return one: {Said(favour, people)}.");
        var lines = given.Concat(open).ToImmutableArray();
        return lines.Length <= MaxLines
            ? lines
            : [.. lines.Take(MaxLines), $"{lines.Length - MaxLines} more approvals of this kind are not listed."];
    }

    private static string Said(Favour favour, People people) =>
        $"{Words.Of(favour.By, people)}, who stands behind this, approved a request of theirs " +
        $"at {Words.Clock(favour.At)} ({favour.Action})";
}
