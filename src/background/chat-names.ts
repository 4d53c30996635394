import { BadRequestException, Injectable, type PipeTransform } from '@nestjs/common';

/** The names that a room may have. */
export const ROOM = /^[A-Za-z0-9._-]{1,64}$/;
/** Control characters, line breaks, surrogates, invisible characters, and characters that change the direction of text. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;
/** Characters that join their neighbours or change the style of the character before: emoji and some scripts need them. */
const JOINER = /(?<=\S)(?:[\u200C\u200D](?=\S)|\p{Variation_Selector})/gu;
/** The maximum length of a member's name, in code points. */
export const MAX_NAME_LENGTH = 32;

/** The room in a path. Any other name gets 400. */
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

/** The name that a member chooses; undefined if it is blank. A name that is not allowed gets 400. */
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
