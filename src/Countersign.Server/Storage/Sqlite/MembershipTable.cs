using System.Collections.Immutable;
using Countersign.Core.Identity;

namespace Countersign.Server.Storage.Sqlite;

/// <summary>Since when who is in which group; whoever leaves a group and comes back begins anew.</summary>
internal static class MembershipTable
{
    /// <summary>Keeps what is there now, and says since when. What the first call ever finds was always so.</summary>
    public static ImmutableArray<Membership> Settle(
        SqliteBatch batch, ImmutableArray<(PersonId Person, GroupName Group)> present)
    {
        var known = batch.Session.Query(
            "SELECT person, team, since FROM membership",
            static reader => (Key: (reader.GetString(0), reader.GetString(1)), Since: reader.GetInt64(2)))
            .ToDictionary(row => row.Key, row => row.Since);
        var fresh = known.Count == 0 ? DateTimeOffset.MinValue : batch.At;
        ImmutableArray<Membership> settled = [.. present.Select(member => new Membership(
            member.Person,
            member.Group,
            known.TryGetValue(KeyOf(member.Person, member.Group), out var since)
                ? new DateTimeOffset(since, TimeSpan.Zero)
                : fresh))];
        // The empty row stays when nobody is in any group, or the next start would take everybody as always there.
        batch.Session.Execute("DELETE FROM membership");
        batch.Session.Execute("INSERT INTO membership (person, team, since) VALUES ('', '', 0)");
        foreach (var member in settled)
        {
            var (person, group) = KeyOf(member.Person, member.Group);
            batch.Session.Execute(
                "INSERT INTO membership (person, team, since) VALUES (?1, ?2, ?3)",
                person,
                group,
                member.Since.UtcTicks);
        }

        return settled;

        (string, string) KeyOf(PersonId person, GroupName group) => (batch.PseudonymOf(person).Value, group.Value);
    }
}
