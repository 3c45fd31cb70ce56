using Countersign.Server.Console.Views;

namespace Countersign.Server.Console.Endpoints;

/// <summary>Makes the frame of a signed-in person's page.</summary>
internal static class Frames
{
    public static FrameView For(string title, Visit visit) => new(
        title,
        new SignedInView(
            visit.Person.Id.Value,
            Words.Of(visit.Person),
            Words.Of(visit.Voter.Assurance),
            visit.Session.FormToken));
}
