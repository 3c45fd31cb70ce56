using System.Security.Cryptography;
using System.Text;
using Countersign.Core.Identity;

namespace Countersign.Server.Channels.Email;

/// <summary>
/// How rows name a person who was told: by a keyed hash that differs from one review to the next, so that whoever has a
/// copy of the database learns neither who it was nor that it was the same person twice.
/// </summary>
internal sealed class EmailMarks(byte[] key)
{
    private const int MarkBytes = 12;

    /// <param name="about">What they were told of.</param>
    /// <param name="person">Who.</param>
    public string Of(string about, PersonId person) => Convert.ToHexStringLower(
        HMACSHA256.HashData(key, Encoding.UTF8.GetBytes($"told\n{about}\n{person}")).AsSpan(0, MarkBytes));
}
