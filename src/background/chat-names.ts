import { BadRequestException, Injectable, type PipeTransform } from '@nestjs/common';

/** What a room may be called. */
export const ROOM = /^[A-Za-z0-9._-]{1,64}$/;
/** Control characters, line breaks, halves of characters, and what shows nothing or turns the text after it. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;
/** What joins the characters around it, or tells the style of the one before: emoji and some scripts need it. */
const JOINER = /(?<=\S)(?:[\u200C\u200D](?=\S)|\p{Variation_Selector})/gu;
/** How many characters (code points) the name of a member may have. */
export const MAX_NAME_LENGTH = 32;

/** The room of a path; what no room may be called gets 400. */
@Injectable()
export class RoomPipe implements PipeTransform<string, string> {
  transform(room: string): string {
    if (!ROOM.test(room)) {
      throw new BadRequestException(
        `The room is ${JSON.stringify(room)}, but must be 1 to 64 of the characters A-Z, a-z, 0-9, ".", "_" and "-".`,
      );
    }
    return room;
  }
}

/** The name that a member gives itself, if it gives more than a blank one; what no member may be called gets 400. */
@Injectable()
export class MemberNamePipe implements PipeTransform<unknown, string | undefined> {
  transform(given: unknown): string | undefined {
    if (given === undefined) {
      return undefined;
    }
    const name = typeof given === 'string' ? given.trim().normalize() : undefined;
    if (name === undefined || Array.from(name).length > MAX_NAME_LENGTH || INVISIBLE.test(name.replace(JOINER, ''))) {
      throw new BadRequestException(
        `The name is ${JSON.stringify(given)}, but must be at most ${MAX_NAME_LENGTH} visible characters, and given once.`,
      );
    }
    return name || undefined;
  }
}
