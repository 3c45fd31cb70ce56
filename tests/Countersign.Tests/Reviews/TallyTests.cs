using System.Collections.Immutable;
using Countersign.Core.Identity;
using Countersign.Core.Reviews;
using FsCheck;
using FsCheck.Fluent;
using static Countersign.Tests.Reviews.LifecycleSample;

namespace Countersign.Tests.Reviews;

public sealed class TallyTests
{
    [Fact]
    public void One_person_fills_one_place_of_a_track()
    {
        var track = Track.Begin(Requires(Stage(1), Stage(1)), Start);

        var tally = Tally.Of(track, 0, [Approve(Alice)], Everybody(stages: 2));

        Assert.Equal(1, tally.Stage);
        Assert.Equal([1, 0], tally.Have);
    }

    [Fact]
    [Trait("Threat", "THR-013"), Trait("CWE", "863")]
    public void Two_votes_of_one_person_are_one()
    {
        var track = Track.Begin(Requires(Stage(2)), Start);

        Assert.Equal([1], Tally.Of(track, 0, [Approve(Alice), Approve(Alice)], Everybody()).Have);
    }

    [Fact]
    public void A_vote_below_the_assurance_of_the_track_does_not_count_in_it()
    {
        var track = Track.Begin(Requires(Stage(1)) with { Assurance = Assurance.Passkey }, Start);

        Assert.Equal([0], Tally.Of(track, 0, [Approve(Alice)], Everybody()).Have);
    }

    [Fact]
    public void Whoever_votes_and_however_often_nobody_outside_the_electorate_and_no_person_twice_is_counted()
    {
        PersonId[] crowd = [Alice, Bob, Carol, Owner, new PersonId("stranger")];
        var votes = Gen.ArrayOf(Gen.Elements(crowd)).ToArbitrary();

        Prop.ForAll(votes, persons =>
        {
            var track = Track.Begin(Requires(Stage(2), Stage(1)), Start);
            var tally = Tally.Of(track, 0, persons.Select(Approve), Everybody(stages: 2));
            return tally.Have.Sum() <= persons.Distinct().Count(person => Everybody().FitsAny(person));
        }).QuickCheckThrowOnFailure();
    }

    private static Vote Approve(PersonId person) =>
        new(person, Decision.Approve, Assurance.Session, Start, Comment: null);
}
